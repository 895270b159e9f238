/** Every way in which a low layer fails. The host turns a code into a sentence with a next step. */
export type ErrorCode =
  | 'address-invalid' // address
  | 'address-unresolved' // address
  | 'connect-refused' // address
  | 'connect-timeout' // address, timeoutMs
  | 'connect-failed' // address, reason
  | 'connection-closed' // address
  | 'not-rocketmq' // address, speaks: 'http' | 'amqp' | 'tls' | 'unknown'
  | 'not-grpc' // address
  | 'certificate-untrusted' // address, reason
  | 'request-timeout' // address, requestCode, timeoutMs
  | 'response-error' // address, requestCode, responseCode, remark
  | 'grpc-timeout' // address, rpc, timeoutMs
  | 'grpc-failed' // address, rpc, status, reason
  | 'grpc-refused' // address, rpc, refusal, reason
  | 'frame-illegal' // reason
  | 'frame-too-large' // sizeBytes, maxSizeBytes
  | 'header-illegal' // field, reason
  | 'json-illegal' // position, reason
  | 'message-illegal' // reason
  | 'filter-illegal' // reason
  | 'topic-name-invalid' // topic, reason: 'blank' | 'too-long' | 'illegal-characters' | 'reserved'
  | 'topic-not-found' // topic
  | 'no-writable-queue' // topic
  | 'no-readable-queue' // topic
  | 'partly-done' // done, failed: addresses; the cause is that of the first that failed
  | 'no-broker' // nameServers
  | 'body-too-large' // sizeBytes, maxSizeBytes
  | 'body-empty'
  | 'properties-too-large' // sizeBytes, maxSizeBytes
  | 'property-illegal' // name, reason: 'reserved' | 'blank' | 'control-character'
  | 'store-full' // usedBytes, maxBytes
  | 'store-locked' // directory
  | 'store-damaged' // path, reason
  | 'port-in-use' // port, holder?
  | 'port-not-permitted' // port
  | 'config-invalid' // key, value, reason
  | 'broker-start-timeout' // timeoutMs
  | 'broker-ended' // exitCode?, signal?, lastWords
  | 'broker-of-other-window' // pid
  | 'broker-uncontrolled' // its control interface is not served
  | 'broker-control-failed' // reason, timeoutMs
  | 'broker-control-refused' // status, message
  | 'apache-home-invalid' // directory, missing: what of it
  | 'java-not-found' // executable
  | 'java-too-old' // executable, version
  | 'cluster-running' // directory, pid?
  | 'cluster-of-other-mode' // directory, mode
  | 'cluster-start-timeout' // directory, timeoutMs
  | 'cluster-not-started' // directory, reason, and of a known reason: problem and what its words name
  | 'cluster-refused' // reason, as cluster-not-started
  | 'cluster-ended' // directory, exitCode?, signal?, lastWords
  | 'docker-absent'
  | 'docker-failed' // command, reason
  | 'connection-gone' // name
  | 'connection-entry-malformed' // position, reason: 'no-list' | 'no-object' | 'no-name' | 'no-name-servers' | 'bad-endpoint' | 'name-twice'
  | 'name-server-needed' // name
  | 'workspace-untrusted'
  | 'usage' // reason
  | 'cancelled'
  | 'internal'; // reason

export type ErrorDetails = Readonly<Record<string, string | number | boolean>>;

/** An error that code can act on. `message` is plain English for logs; people read the host's sentence. */
export class CodedError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}, options?: ErrorOptions) {
    const text = Object.entries(details)
      .map(([name, value]) => `${name}=${value}`)
      .join(', ');
    super(text === '' ? code : `${code}: ${text}`, options);
    this.name = 'CodedError';
    this.code = code;
    this.details = details;
  }
}

export function isCodedError(error: unknown, code?: ErrorCode): error is CodedError {
  return error instanceof CodedError && (code === undefined || error.code === code);
}

/** The text of anything that was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Anything that was thrown, as what a promise rejects with. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** Node's error code (`ECONNREFUSED`, `ENOENT`, …), where there is one. */
export function systemErrorCode(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}
