import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { ACCESS_KEY } from '../../protocol/acl.ts';
import { ResponseCode, requestCodeName } from '../../protocol/codes.ts';
import type { RemotingCommand } from '../../protocol/command.ts';
import type { Peer, Reply, RequestHandler } from '../../remoting/peer.ts';
import type { BrokerConfig } from '../config.ts';
import { errorText } from '../../base/errors.ts';
import { accessOf, authenticate, authorize } from './auth.ts';
import { DecisionCache } from './decisionCache.ts';
import { validatePlain } from './plain/plainValidator.ts';
import type { Access } from './policy.ts';
import { resourceKey } from './resource.ts';
import type { Security } from './security.ts';

type Check = (command: RemotingCommand, connection: Peer) => Reply | undefined;

/** Lets through to `handle` what the settings permit; the handler itself where nothing is to be checked. */
export function guarded(
  handle: RequestHandler,
  parts: {
    readonly config: BrokerConfig;
    readonly security: Security;
    readonly clock: Clock;
    readonly logger: Logger;
  },
): RequestHandler {
  const { config, logger } = parts;
  const checks: Check[] = [];
  if (config.aclEnable) checks.push(plainCheck(parts.security));
  if (config.authenticationEnabled) checks.push(authenticationCheck(parts));
  if (config.authorizationEnabled) checks.push(authorizationCheck(parts));
  if (checks.length === 0) return handle;
  return (request) => {
    for (const check of checks) {
      const refused = check(request.command, request.connection);
      if (refused === undefined) continue;
      const { command, connection } = request;
      logger.info(
        `${requestCodeName(command.code)} of ${connection.remoteAddress} is refused: ${refused.remark ?? ''}`,
      );
      return refused;
    }
    return handle(request);
  };
}

/** Source: BrokerController.java of 4.9, initialAcl; remoting sheet §8. */
function plainCheck({ plainAcl }: Security): Check {
  return (command, connection) => {
    if (plainAcl === undefined) return undefined;
    let refusal: string | undefined;
    try {
      refusal = validatePlain(plainAcl.rules, command, sourceIp(connection));
    } catch (error) {
      refusal = errorText(error);
    }
    return refusal === undefined
      ? undefined
      : { code: ResponseCode.SYSTEM_ERROR, remark: `org.apache.rocketmq.acl.common.AclException: ${refusal}` };
  };
}

interface AuthParts {
  readonly config: BrokerConfig;
  readonly security: Security;
  readonly clock: Clock;
}

/** Source: AuthenticationPipeline.java, AbstractAuthenticationStrategy.java. */
function authenticationCheck({ config, security, clock }: AuthParts): Check {
  const free = codes(config.authenticationWhitelist);
  const remembered = memoryOf({
    isStateful: config.authenticationStrategy.endsWith('.StatefulAuthenticationStrategy'),
    maxCount: config.statefulAuthenticationCacheMaxNum,
    expireSeconds: config.statefulAuthenticationCacheExpiredSecond,
    clock,
  });
  return (command, connection) => {
    if (free.has(command.code)) return undefined;
    const who = (): string => command.extFields[ACCESS_KEY] ?? '';
    return noPermission(remembered(connection, who, () => authenticate(security.users, command)));
  };
}

/** Source: AuthorizationPipeline.java, AbstractAuthorizationStrategy.java. */
function authorizationCheck({ config, security, clock }: AuthParts): Check {
  const free = codes(config.authorizationWhitelist);
  const remembered = memoryOf({
    isStateful: config.authorizationStrategy.endsWith('.StatefulAuthorizationStrategy'),
    maxCount: config.statefulAuthorizationCacheMaxNum,
    expireSeconds: config.statefulAuthorizationCacheExpiredSecond,
    clock,
  });
  return (command, connection) => {
    if (free.has(command.code)) return undefined;
    const touched = accessOf(command, config.brokerClusterName);
    if (typeof touched === 'string') return noPermission(touched);
    const username = command.extFields[ACCESS_KEY];
    const ip = sourceIp(connection);
    for (const access of touched) {
      const decide = (): string | undefined => authorize(security, username, access, ip);
      const refusal = remembered(connection, () => question(username, access), decide);
      if (refusal !== undefined) return noPermission(refusal);
    }
    return undefined;
  };
}

/** What was decided for a question of a connection counts for a while, or is decided every time. */
function memoryOf(options: {
  readonly isStateful: boolean;
  readonly maxCount: number;
  readonly expireSeconds: number;
  readonly clock: Clock;
}): (connection: Peer, asked: () => string, decide: () => string | undefined) => string | undefined {
  if (!options.isStateful) return (_connection, _asked, decide) => decide();
  const { clock, maxCount, expireSeconds } = options;
  const cache = new DecisionCache({ clock, maxCount, expireMs: expireSeconds * 1000 });
  return (connection, asked, decide) => cache.get(connection, asked(), decide);
}

function noPermission(remark: string | undefined): Reply | undefined {
  return remark === undefined ? undefined : { code: ResponseCode.NO_PERMISSION, remark };
}

function question(username: string | undefined, { resource, actions }: Access): string {
  return `${username ?? ''}#${resourceKey(resource)}#${actions.join()}`;
}

function codes(list: string): ReadonlySet<number> {
  return new Set(
    list
      .split(',')
      .map((code) => code.trim())
      .filter((code) => code !== '')
      .map(Number),
  );
}

/** Without the port, and without the brackets of IPv6. */
function sourceIp({ remoteAddress }: Peer): string {
  return remoteAddress.slice(0, remoteAddress.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}
