/** One remoting frame as a value. Source: RemotingCommand.java; remoting sheet §1.3–1.8. */
export interface RemotingCommand {
  /** Request code, or response code when the response bit of `flag` is set. */
  readonly code: number;
  /** Name of the sender's language; unknown names and numbers are kept as text. */
  readonly language: string;
  /** Ordinal of the sender's release, see `versionOrdinal`. */
  readonly version: number;
  /** int32 that pairs a response with its request. */
  readonly opaque: number;
  readonly flag: number;
  readonly remark: string | undefined;
  readonly extFields: Readonly<Record<string, string>>;
  /** Empty when the frame has none: on the wire absent and empty are the same. */
  readonly body: Buffer;
}

export type SerializeType = 'JSON' | 'ROCKETMQ';

export const EMPTY_BODY: Buffer = Buffer.alloc(0);

const RESPONSE_BIT = 1;
const ONEWAY_BIT = 2;

/** What we say of ourselves: peers before 5.3.3 know no NODE_JS, and tools show the release. */
export const LANGUAGE = 'JAVA';
export const CLIENT_LANGUAGE = 'OTHER';

/** Ordinal of a release, e.g. 5.3.3 → 479. Source: MQVersion.java; remoting sheet §1.7. */
export function versionOrdinal(major: 4 | 5, minor: number, patch: number): number {
  return (major === 4 ? 213 : 413) + 2 * (10 * minor + patch);
}

/** `V5_3_3` for 479; `HIGHER_VERSION` past the known releases, `V3` before 4.0.0. */
export function versionName(ordinal: number): string {
  if (ordinal >= 612) return 'HIGHER_VERSION';
  if (ordinal < 213) return 'V3';
  const [major, base] = ordinal >= 413 ? [5, 413] : [4, 213];
  const release = Math.ceil((ordinal - base) / 2);
  const snapshot = (ordinal - base) % 2 === 1 ? '_SNAPSHOT' : '';
  return `V${major}_${Math.floor(release / 10)}_${release % 10}${snapshot}`;
}

/** The release that our broker stands in for and our client reports. */
export const VERSION = versionOrdinal(5, 3, 3);

export interface RequestParts {
  readonly code: number;
  readonly extFields?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly remark?: string;
  readonly oneway?: boolean;
  readonly language?: string;
}

/** @param language where the parts name none */
export function request(opaque: number, parts: RequestParts, language = LANGUAGE): RemotingCommand {
  return {
    code: parts.code,
    language: parts.language ?? language,
    version: VERSION,
    opaque,
    flag: parts.oneway === true ? ONEWAY_BIT : 0,
    remark: parts.remark,
    extFields: parts.extFields ?? {},
    body: parts.body ?? EMPTY_BODY,
  };
}

export interface ResponseParts {
  readonly code: number;
  readonly extFields?: Readonly<Record<string, string>> | undefined;
  readonly body?: Buffer | undefined;
  readonly remark?: string | undefined;
  /** Default: `VERSION`. */
  readonly version?: number | undefined;
}

export function response(to: RemotingCommand, parts: ResponseParts): RemotingCommand {
  return {
    code: parts.code,
    language: LANGUAGE,
    version: parts.version ?? VERSION,
    opaque: to.opaque,
    flag: RESPONSE_BIT,
    remark: parts.remark,
    extFields: parts.extFields ?? {},
    body: parts.body ?? EMPTY_BODY,
  };
}

export function isResponse(command: RemotingCommand): boolean {
  return (command.flag & RESPONSE_BIT) !== 0;
}

export function isOneway(command: RemotingCommand): boolean {
  return (command.flag & ONEWAY_BIT) !== 0;
}
