import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import { CodedError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { readAcl } from '../../protocol/bodies/auth.ts';
import type { AclInfo } from '../../protocol/bodies/auth.ts';
import { objectsAt, readBody } from '../../protocol/bodies/read.ts';
import { stringifyFastjson } from '../../protocol/fastjson.ts';
import { ConfigFile } from '../state/configFile.ts';
import { aclInfo, mergePolicies, readPolicies, withoutEntry } from './policy.ts';
import type { Policy } from './policy.ts';
import { parseResource } from './resource.ts';

/**
 * The rules of every subject (`User:alice`), kept in `config/acls.json`.
 * Source: AuthorizationMetadataManagerImpl.java, LocalAuthorizationMetadataProvider.java, which keeps the same in a
 * RocksDB `config/acls`.
 */
export class Acls implements Disposable {
  readonly #policies = new Map<string, readonly Policy[]>();
  readonly #file: ConfigFile;

  /** @throws CodedError `store-damaged` */
  constructor(options: { readonly path: string; readonly clock: Clock; readonly logger: Logger }) {
    this.#file = new ConfigFile({
      ...options,
      content: () => Buffer.from(stringifyFastjson({ acls: this.list('', '') })),
    });
    this.#file.load((content) => {
      for (const json of objectsAt(readBody(content), 'acls')) {
        const info = readAcl(json);
        const policies = readPolicies(info);
        // To start with fewer rules than were set would open or close doors unseen.
        if (typeof policies === 'string')
          throw new CodedError('config-invalid', { key: info.subject, reason: policies });
        this.#policies.set(info.subject, policies);
      }
    });
  }

  get(subject: string): readonly Policy[] | undefined {
    return this.#policies.get(subject);
  }

  info(subject: string): AclInfo | undefined {
    const policies = this.#policies.get(subject);
    return policies && aclInfo(subject, policies);
  }

  /** Of subjects that contain `subjectFilter`, the rules whose resource contains `resourceFilter`. */
  list(subjectFilter: string, resourceFilter: string): readonly AclInfo[] {
    return [...this.#policies]
      .filter(([subject]) => subject.includes(subjectFilter))
      .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      .map(([subject, policies]) => onlyResources(aclInfo(subject, policies), resourceFilter))
      .filter(({ policies }) => policies.length > 0);
  }

  /** Adds to and replaces in what the subject has. @returns why it is refused */
  merge(subject: string, info: AclInfo): string | undefined {
    const changes = readPolicies(info);
    if (typeof changes === 'string') return changes;
    this.#policies.set(subject, mergePolicies(this.#policies.get(subject) ?? [], changes));
    this.#file.save();
    return undefined;
  }

  /** All rules of the subject, or that for one resource. @returns why it is refused */
  delete(subject: string, policyType: string, resourceText: string): string | undefined {
    const old = this.#policies.get(subject);
    if (old === undefined) return 'The acl is not exist.';
    const resource = parseResource(resourceText);
    const rest = resource === undefined ? [] : withoutEntry(old, policyType, resource);
    if (rest.length === 0) this.#policies.delete(subject);
    else this.#policies.set(subject, rest);
    this.#file.save();
    return undefined;
  }

  dispose(): void {
    this.#file.dispose();
  }
}

/** Source: LocalAuthorizationMetadataProvider.java, listAcl: a filter that the subject contains filters nothing. */
function onlyResources({ subject, policies }: AclInfo, filter: string): AclInfo {
  if (subject.includes(filter)) return { subject, policies };
  return {
    subject,
    policies: policies
      .map(({ policyType, entries }) => ({
        policyType,
        entries: entries.filter(({ resource }) => resource.includes(filter)),
      }))
      .filter(({ entries }) => entries.length > 0),
  };
}
