import assert from 'node:assert/strict';

import { CodedError } from '../../../src/base/errors.ts';
import type { ErrorCode, ErrorDetails } from '../../../src/base/errors.ts';
import { describeError, errorMessage, toPageError } from '../../../src/host/errorMessages.ts';

/** With the details that each code has; a code that is added does not compile until it stands here. */
const DETAILS: Readonly<Record<ErrorCode, ErrorDetails>> = {
  'address-invalid': { address: 'a b' },
  'address-unresolved': { address: 'nowhere:9876' },
  'connect-refused': { address: 'h:9876' },
  'connect-timeout': { address: 'h:9876', timeoutMs: 3000 },
  'connect-failed': { address: 'h:9876', reason: 'EHOSTUNREACH' },
  'connection-closed': { address: 'h:9876' },
  'not-rocketmq': { address: 'h:80', speaks: 'http' },
  'not-grpc': { address: '127.0.0.1:8081' },
  'certificate-untrusted': { address: '127.0.0.1:8081', reason: 'SELF_SIGNED_CERT_IN_CHAIN' },
  'grpc-timeout': { address: '127.0.0.1:8081', rpc: 'SendMessage', timeoutMs: 3000 },
  'grpc-failed': { address: '127.0.0.1:8081', rpc: 'QueryRoute', status: 12, reason: 'no such method' },
  'grpc-refused': { address: '127.0.0.1:8081', rpc: 'SendMessage', refusal: 'UNAUTHORIZED', reason: 'bad signature' },
  'no-readable-queue': { topic: 'orders' },
  'request-timeout': { address: 'h:9876', requestCode: 105, timeoutMs: 3000 },
  'response-error': { address: 'h:9876', requestCode: 17, responseCode: 1, remark: 'no' },
  'frame-illegal': { reason: 'r' },
  'frame-too-large': { sizeBytes: 2_000_000_000, maxSizeBytes: 16_777_216 },
  'header-illegal': { field: 'topic', reason: 'r' },
  'json-illegal': { position: 1, reason: 'r' },
  'message-illegal': { reason: 'r' },
  'filter-illegal': { reason: 'r' },
  'topic-name-invalid': { topic: 'a b', reason: 'illegal-characters' },
  'topic-not-found': { topic: 't' },
  'no-writable-queue': { topic: 't' },
  'partly-done': { done: 'a:10911', failed: 'b:10911' },
  'no-broker': { nameServers: 'h:9876' },
  'body-too-large': { sizeBytes: 5_000_000, maxSizeBytes: 4_194_304 },
  'body-empty': {},
  'properties-too-large': { sizeBytes: 40_000, maxSizeBytes: 32_767 },
  'property-illegal': { name: 'p', reason: 'reserved' },
  'store-full': { usedBytes: 10, maxBytes: 10 },
  'store-locked': { directory: '/d' },
  'store-damaged': { path: '/d/f', reason: 'r' },
  'port-in-use': { port: 9876 },
  'port-not-permitted': { port: 80 },
  'config-invalid': { key: 'k', value: 'v', reason: 'r' },
  'broker-start-timeout': { timeoutMs: 15_000 },
  'broker-ended': { exitCode: 1, lastWords: 'w' },
  'broker-of-other-window': { pid: 1 },
  'broker-uncontrolled': {},
  'broker-control-failed': { reason: 'r', timeoutMs: 5000 },
  'broker-control-refused': { status: 409, message: 'm' },
  'cluster-running': { directory: '/d', pid: 1 },
  'cluster-of-other-mode': { directory: '/d', mode: 'single' },
  'cluster-start-timeout': { directory: '/d', timeoutMs: 120_000 },
  'cluster-not-started': { directory: '/d', reason: 'r' },
  'cluster-refused': { reason: 'r' },
  'cluster-ended': { directory: '/d', exitCode: 1, lastWords: 'w' },
  usage: { reason: 'r' },
  'apache-home-invalid': { directory: '/opt/rocketmq', missing: 'lib/rocketmq-broker-*.jar' },
  'docker-absent': {},
  'docker-failed': { command: 'docker version', reason: 'Cannot connect to the Docker daemon' },
  'java-not-found': { executable: 'java' },
  'java-too-old': { executable: 'java', version: 7 },
  'connection-gone': { name: 'dev' },
  'connection-entry-malformed': { position: 2, reason: 'no-name' },
  'name-server-needed': { name: 'proxy' },
  'workspace-untrusted': {},
  cancelled: {},
  internal: { reason: 'r' },
};

describe('the words for errors', () => {
  it('give every code a cause with all its details and a next step', () => {
    for (const [code, details] of Object.entries(DETAILS) as [ErrorCode, ErrorDetails][]) {
      const { cause, nextStep } = describeError(new CodedError(code, details));
      assert.ok(cause.length > 5 && nextStep.length > 5, code);
      assert.ok(!`${cause}${nextStep}`.includes('?'), `${code}: ${cause}`);
      assert.ok(!/\{\d\}/.test(cause + nextStep), `${code}: ${cause}`);
    }
  });

  it('name requests and responses as RocketMQ does', () => {
    assert.equal(
      errorMessage(new CodedError('response-error', DETAILS['response-error'])),
      'h:9876 refused UPDATE_AND_CREATE_TOPIC with SYSTEM_ERROR: no. The log of the broker tells more.',
    );
  });

  it('warn before a message is sent twice, and say what to do when a broker is full', () => {
    const timeout = new CodedError('request-timeout', { ...DETAILS['request-timeout'], requestCode: 310 });
    assert.equal(
      describeError(timeout).nextStep,
      'The message may have been stored all the same: look into its topic before you send it again.',
    );
    const full = new CodedError('response-error', { ...DETAILS['response-error'], requestCode: 310, responseCode: 14 });
    assert.match(describeError(full).nextStep, /^It takes no messages now: free disk space/);
  });

  it('blame what is forbidden at a proxy on the topic too', () => {
    const refused = new CodedError('grpc-refused', { ...DETAILS['grpc-refused'], refusal: 'FORBIDDEN' });
    assert.match(describeError(refused).nextStep, /access key .* whether the topic may be read or written\.$/);
  });

  it('send those who gave the port of a broker to the NameServer', () => {
    const refused = new CodedError('response-error', {
      address: 'h:10911',
      requestCode: 106,
      responseCode: 3,
      remark: 'r',
    });
    assert.equal(describeError(refused).nextStep, 'Use the port of a NameServer, 9876 by default.');
  });

  it('end where a text from elsewhere has an end of its own', () => {
    const remark = 'create topic failed.\n';
    assert.equal(
      describeError(new CodedError('response-error', { ...DETAILS['response-error'], remark })).cause,
      'h:9876 refused UPDATE_AND_CREATE_TOPIC with SYSTEM_ERROR: create topic failed.',
    );
  });

  it('say why a part of it failed', () => {
    const cause = new CodedError('connect-refused', { address: 'b:10911' });
    assert.equal(
      describeError(new CodedError('partly-done', DETAILS['partly-done'], { cause })).cause,
      'a:10911 did it, b:10911 did not: Nothing listens on b:10911.',
    );
  });

  it('tell pages the code and the words', () => {
    assert.deepEqual(toPageError(new CodedError('body-empty')), {
      code: 'body-empty',
      message: 'The body is empty. RocketMQ needs at least one byte: write something.',
    });
  });

  it('say in words why a cluster, a file, a socket or a certificate failed, and keep what is not known', () => {
    const cause = (code: ErrorCode, details: ErrorDetails) => describeError(new CodedError(code, details)).cause;
    const reason = 'broker-a is paused';
    const state = { problem: 'node-state', node: 'broker-a', state: 'paused', reason };
    assert.equal(cause('cluster-refused', state), 'The local cluster did not do it: broker-a has the state "paused".');
    assert.equal(cause('cluster-refused', { reason }), 'The local cluster did not do it: broker-a is paused.');
    const words = "EACCES: permission denied, mkdir '/data/x'";
    assert.equal(
      cause('cluster-not-started', { problem: 'no-directory', place: '/data/x', words, directory: '/data/x' }),
      'The local cluster did not start: the directory /data/x cannot be made (permission denied).',
    );
    const address = 'h:8081';
    assert.equal(
      cause('certificate-untrusted', { address, reason: 'self-signed certificate' }),
      'The certificate of h:8081 is not trusted: it is self-signed.',
    );
    assert.equal(
      cause('certificate-untrusted', { address, reason: 'self-signed certificate in certificate chain' }),
      'The certificate of h:8081 is not trusted: its issuer is not known.',
    );
    assert.equal(
      cause('connect-failed', { address, reason: 'read ECONNRESET' }),
      'No connection to h:8081: the connection was closed.',
    );
    assert.equal(
      cause('broker-control-failed', { reason: 'other side closed', timeoutMs: 5000 }),
      'The control interface of the local broker failed: the connection was closed.',
    );
    assert.equal(
      cause('broker-control-refused', { status: 400, message: 'time only goes forward' }),
      'The local broker does not take that; its clock may have passed the moment meanwhile.',
    );
    assert.equal(cause('connect-failed', { address, reason: 'a riddle' }), 'No connection to h:8081: a riddle.');
  });

  it('say something of anything that is thrown', () => {
    assert.equal(toPageError(new Error('boom')).code, 'internal');
    assert.match(errorMessage('boom'), /^Something unexpected happened: boom\. /);
  });
});
