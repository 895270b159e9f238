import { createHmac, timingSafeEqual } from 'node:crypto';
import { Code } from '../../protocol/grpc/definition_pb.ts';
import type { Resource } from '../../protocol/grpc/definition_pb.ts';
import type { RpcRequest } from '../../protocol/grpc/rpc.ts';
import type { BrokerContext } from '../brokerContext.ts';
import type { AnyRpcRequest } from '../requestFaults.ts';
import { authorize } from '../security/auth.ts';
import type { Access } from '../security/policy.ts';
import { groupResource, literal } from '../security/resource.ts';
import type { Action } from '../security/resource.ts';
import { metadata } from './callContext.ts';
import type { CallContext } from './callContext.ts';
import { isConsumer } from './membership.ts';
import { Refusal } from './refusal.ts';

/** Is nobody asked who they are, so that whoever names a client is that client? */
export function isOpenToAll({ config }: BrokerContext): boolean {
  return !config.aclEnable && !config.authenticationEnabled && !config.authorizationEnabled;
}

/**
 * Who calls, and may they? Where nothing is to be checked no header is looked at.
 * Source: AuthenticationPipeline.java, AuthorizationPipeline.java; gRPC sheet §2.2.
 * @throws Refusal UNAUTHORIZED
 */
export function checkAccess(context: CallContext, request: AnyRpcRequest): void {
  if (isOpenToAll(context.broker)) return;
  const { config, security } = context.broker;
  // Its rules are about remoting requests; whom they keep out must not come in here.
  if (config.aclEnable) throw unauthorized('gRPC is closed while aclEnable is on: use authenticationEnabled');
  const caller = callerOf(context);
  const rpcCode = request.$typeName;
  if (config.authenticationEnabled && !lists(config.authenticationWhitelist, rpcCode)) authenticate(context, caller);
  if (!config.authorizationEnabled || lists(config.authorizationWhitelist, rpcCode)) return;
  const { remoteAddress } = context.session;
  const sourceIp = remoteAddress.slice(0, remoteAddress.lastIndexOf(':')).replace(/^\[|\]$/g, '');
  for (const access of accessOf(request)) {
    const refusal = authorize(security, caller.username, access, sourceIp);
    if (refusal !== undefined) throw unauthorized(refusal);
  }
}

interface Caller {
  /** Undefined for nobody, as clients of Python say it with an empty name. */
  readonly username: string | undefined;
  readonly signature: string;
}

/** Source: DefaultAuthenticationContextBuilder.java. */
function callerOf({ call }: CallContext): Caller {
  const authorization = metadata(call, 'authorization');
  if (authorization === '') return { username: undefined, signature: '' };
  const [, items] = /^\S+ (.*)$/s.exec(authorization) ?? [];
  if (items === undefined) throw unauthorized('authentication header is incorrect.');
  const values = new Map<string, string>();
  for (const item of items.split(',')) {
    const [, key, value] = /^\s*([^=]*)=(.*?)\s*$/s.exec(item) ?? [];
    if (key === undefined || value === undefined) {
      throw unauthorized('authentication keyValues length is incorrect, actual length=1.');
    }
    values.set(key, value);
  }
  // Go and C++ name a region and a service behind the user.
  const username = values.get('Credential')?.split('/', 1)[0];
  return { username: username === '' ? undefined : username, signature: values.get('Signature') ?? '' };
}

/** The signature is that of the date, as it is written. Source: DefaultAuthenticationHandler.java. */
function authenticate({ broker, call }: CallContext, { username, signature }: Caller): void {
  if (username === undefined) throw unauthorized('username cannot be null.');
  const dateTime = metadata(call, 'x-mq-date-time');
  if (dateTime === '') throw unauthorized('datetime is null.');
  const user = broker.security.users.get(username);
  if (user === undefined) throw unauthorized(`User:${username} is not found.`);
  if (user.userStatus === 'disable') throw unauthorized(`User:${username} is disabled.`);
  const expected = createHmac('sha1', user.password).update(dateTime).digest();
  const given = Buffer.from(signature, 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw unauthorized('check signature failed.');
  }
}

type Named = Resource | undefined;

/** Source: DefaultAuthorizationContextBuilder.java. What it does not know is read, as all that consumers ask is. */
function accessOf(request: AnyRpcRequest): readonly Access[] {
  switch (request.$typeName) {
    case 'apache.rocketmq.v2.SendMessageRequest':
      if (request.messages.length === 0) throw unauthorized('message is null.');
      return [topic(request.messages[0]?.topic, 'Pub')];
    case 'apache.rocketmq.v2.EndTransactionRequest':
    case 'apache.rocketmq.v2.RecallMessageRequest':
      return [topic(request.topic, 'Pub')];
    case 'apache.rocketmq.v2.QueryRouteRequest':
      return [topic(request.topic, 'Pub', 'Sub')];
    case 'apache.rocketmq.v2.HeartbeatRequest':
      return isConsumer(request.clientType) ? [group(request.group)] : [];
    case 'apache.rocketmq.v2.NotifyClientTerminationRequest':
      return (request.group?.name ?? '').trim() === '' ? [] : [group(request.group)];
    case 'apache.rocketmq.v2.ChangeInvisibleDurationRequest':
      return [group(request.group)];
    case 'apache.rocketmq.v2.TelemetryCommand':
      return ofSettings(request);
    case 'apache.rocketmq.v2.QueryOffsetRequest':
      return [topic(request.messageQueue?.topic, 'Sub')];
    case 'apache.rocketmq.v2.ReceiveMessageRequest':
    case 'apache.rocketmq.v2.PullMessageRequest':
    case 'apache.rocketmq.v2.UpdateOffsetRequest':
    case 'apache.rocketmq.v2.GetOffsetRequest':
      return [group(request.group), topic(request.messageQueue?.topic, 'Sub')];
    default:
      return [group(request.group), topic(request.topic, 'Sub')];
  }
}

function ofSettings({ command }: RpcRequest<'telemetry'>): readonly Access[] {
  if (command.case !== 'settings') return [];
  const { pubSub } = command.value;
  if (pubSub.case === 'publishing') return pubSub.value.topics.map((named) => topic(named, 'Pub'));
  if (pubSub.case === undefined) return [];
  return [group(pubSub.value.group), ...pubSub.value.subscriptions.map((entry) => topic(entry.topic, 'Sub'))];
}

function topic(named: Named, ...actions: readonly Action[]): Access {
  const name = named?.name ?? '';
  if (name.trim() === '') throw unauthorized('topic is null.');
  return { resource: literal('Topic', name), actions };
}

function group(named: Named): Access {
  const name = named?.name ?? '';
  if (name.trim() === '') throw unauthorized('group is null.');
  return { resource: groupResource(name), actions: ['Sub'] };
}

function lists(whitelist: string, rpcCode: string): boolean {
  return whitelist.split(',').some((code) => code.trim() === rpcCode);
}

function unauthorized(message: string): Refusal {
  return new Refusal(Code.UNAUTHORIZED, message);
}
