import * as vscode from 'vscode';

import { CodedError, errorText } from '../base/errors.ts';
import type { PageError } from '../contract/rpc.ts';
import { requestCodeName, responseCodeName } from '../protocol/codes.ts';
import { reportIt, say } from './errorWords.ts';
import type { Detail, ErrorWords } from './errorWords.ts';
import { reasonWords } from './reasonWords.ts';
import { isLocalServerCode, localServerWords } from './localServerWords.ts';
import { apacheWords, isApacheCode } from './apache/apacheWords.ts';
import {
  afterGrpcRefusal,
  afterGrpcTimeout,
  afterRefusal,
  afterTimeout,
  END_TRANSACTION,
  halfIsStored,
} from './refusalWords.ts';

/** Words for anything that was thrown. */
export function describeError(thrown: unknown): ErrorWords {
  return words(thrown instanceof CodedError ? thrown : new CodedError('internal', { reason: errorText(thrown) }));
}

/** Cause and next step in one text. */
export function errorMessage(thrown: unknown): string {
  const { cause, nextStep } = describeError(thrown);
  return `${cause} ${nextStep}`;
}

export function toPageError(thrown: unknown): PageError {
  return { code: thrown instanceof CodedError ? thrown.code : 'internal', message: errorMessage(thrown) };
}

const { t } = vscode.l10n;

function words({ code, details, cause }: CodedError): ErrorWords {
  const d: Detail = (name) => withoutEnd(details[name]);
  const address = d('address');
  const checkAddress = () => t('Check the address, and whether RocketMQ runs there.');
  if (isApacheCode(code)) return apacheWords(code, d);
  if (isLocalServerCode(code)) return localServerWords(code, d, details);
  switch (code) {
    case 'address-invalid':
      return say(t('"{0}" is no address.', address), t('Write host:port, several separated by semicolons.'));
    case 'address-unresolved':
      return say(t('The host of {0} is not known.', address), t('Check its spelling, your DNS and your VPN.'));
    case 'connect-refused':
      return say(t('Nothing listens on {0}.', address), checkAddress());
    case 'connect-timeout':
      return say(
        t('{0} did not accept a connection within {1} ms.', address, d('timeoutMs')),
        t('Check the address, the firewall and your VPN.'),
      );
    case 'connect-failed':
      return say(t('No connection to {0}: {1}.', address, reasonWords(String(d('reason')))), checkAddress());
    case 'connection-closed':
      return say(t('{0} closed the connection.', address), t('Look into the log of the server, then try again.'));
    case 'not-rocketmq':
      return say(notRocketMq(String(address), d('speaks')), t('Use the port of a NameServer, 9876 by default.'));
    case 'not-grpc':
      return say(
        t('{0} does not speak gRPC.', address),
        t('Use the gRPC port of a proxy, 8081 by default, and check whether it wants TLS.'),
      );
    case 'certificate-untrusted':
      return say(
        t('The certificate of {0} is not trusted: {1}.', address, reasonWords(String(d('reason')))),
        t('Let this machine trust its issuer, or edit the connection to take any certificate.'),
      );
    case 'request-timeout':
      return say(
        t('{0} did not answer {1} within {2} ms.', address, requestName(d('requestCode')), d('timeoutMs')),
        afterTimeout(Number(d('requestCode'))),
      );
    case 'response-error':
      return say(
        t(
          '{0} refused {1} with {2}: {3}.',
          address,
          requestName(d('requestCode')),
          responseName(d('responseCode')),
          d('remark'),
        ),
        afterRefusal(Number(d('requestCode')), Number(d('responseCode'))),
      );
    case 'grpc-timeout':
      return say(
        t('{0} did not answer {1} within {2} ms.', address, d('rpc'), d('timeoutMs')),
        afterGrpcTimeout(d('rpc')),
      );
    case 'grpc-failed':
      return say(
        t('{0} failed at {1}: {2} (gRPC status {3}).', d('rpc'), address, d('reason'), d('status')),
        d('rpc') === END_TRANSACTION
          ? halfIsStored()
          : t('Check that the address is the gRPC port of a RocketMQ proxy.'),
      );
    case 'grpc-refused':
      return say(
        t('{0} refused {1} with {2}: {3}.', address, d('rpc'), d('refusal'), d('reason')),
        d('rpc') === END_TRANSACTION ? halfIsStored() : afterGrpcRefusal(d('refusal')),
      );
    case 'frame-illegal':
      return say(t('The answer is not in the RocketMQ protocol: {0}.', d('reason')), checkAddress());
    case 'frame-too-large':
      return say(
        t('The answer announces {0} bytes; at most {1} are taken.', d('sizeBytes'), d('maxSizeBytes')),
        checkAddress(),
      );
    case 'header-illegal':
      return say(t('The field {0} is wrong: {1}.', d('field'), d('reason')), reportIt());
    case 'json-illegal':
      return say(t('The JSON is wrong at position {0}: {1}.', d('position'), d('reason')), reportIt());
    case 'message-illegal':
      return say(t('The message cannot be read: {0}.', d('reason')), t('Look into the log of the broker.'));
    case 'filter-illegal':
      return say(t('The filter expression is wrong: {0}.', d('reason')), t('Check its spelling.'));
    case 'topic-name-invalid':
      return say(topicNameProblem(d('reason')), t('Choose another name.'));
    case 'topic-not-found':
      return say(t('There is no topic {0}.', d('topic')), t('Check its spelling, or create it.'));
    case 'no-writable-queue':
      return say(
        t('No queue of {0} can be written to.', d('topic')),
        t('Check that a master broker is up and that the topic permits writing.'),
      );
    case 'no-readable-queue':
      return say(
        t('No queue of {0} can be read.', d('topic')),
        t('Check that a broker is up and that the topic permits reading.'),
      );
    case 'partly-done':
      return say(
        t('{0} did it, {1} did not: {2}', d('done'), d('failed'), describeError(cause).cause),
        t('Try again: it does no harm where it is done.'),
      );
    case 'no-broker':
      return say(
        t('No broker is registered at {0}.', d('nameServers')),
        t('Start a broker that names this NameServer, then retry.'),
      );
    case 'body-too-large':
      return say(
        t('The body has {0} bytes; the broker takes at most {1}.', d('sizeBytes'), d('maxSizeBytes')),
        t('Shorten it, or split it into several messages.'),
      );
    case 'body-empty':
      return say(t('The body is empty.'), t('RocketMQ needs at least one byte: write something.'));
    case 'properties-too-large':
      return say(
        t('The properties have {0} bytes; at most {1} fit.', d('sizeBytes'), d('maxSizeBytes')),
        t('Shorten them, or move them into the body.'),
      );
    case 'property-illegal':
      return propertyProblem(d('name'), d('reason'));
    case 'connection-gone':
      return say(
        t('The connection {0} is not there any more.', d('name')),
        t('Start the local broker, or add the connection again.'),
      );
    case 'connection-entry-malformed':
      return say(entryProblem(d('position'), d('reason')), t('Correct it in the settings.'));
    case 'name-server-needed':
      return say(
        t('{0} is a gRPC endpoint, which cannot do that.', d('name')),
        t('Add a connection to a NameServer of the cluster, if it can be reached.'),
      );
    case 'workspace-untrusted':
      return say(
        t('Connections of a workspace that is not trusted cannot be changed.'),
        t('Trust the workspace, or keep the connection in the user settings.'),
      );
    case 'cancelled':
      return say(t('Cancelled.'), t('Nothing was changed.'));
    case 'internal':
      return say(t('Something unexpected happened: {0}.', d('reason')), reportIt());
  }
}

/** Texts from elsewhere stand within our sentences, which have their own end. */
function withoutEnd(detail: string | number | boolean | undefined): string | number | boolean {
  const text = typeof detail === 'string' ? detail.replace(/[\s.。]+$/, '') : detail;
  return text === undefined || text === '' ? '?' : text;
}

function notRocketMq(address: string, speaks: string | number | boolean): string {
  if (speaks === 'http') return t('{0} speaks HTTP, not RocketMQ.', address);
  if (speaks === 'amqp') return t('{0} speaks AMQP, not RocketMQ.', address);
  if (speaks === 'tls') return t('{0} wants TLS, which is not supported yet.', address);
  return t('{0} does not speak RocketMQ.', address);
}

function entryProblem(position: string | number | boolean, reason: string | number | boolean): string {
  switch (reason) {
    case 'no-list':
      return t('The setting rocketmq.connections is no list.');
    case 'no-object':
      return t('Entry {0} of rocketmq.connections is no connection: name and nameServers are needed.', position);
    case 'no-name':
      return t('Entry {0} of rocketmq.connections has no name.', position);
    case 'bad-endpoint':
      return t(
        'Entry {0} of rocketmq.connections is no gRPC endpoint: look at grpcEndpoint, tls and topics.',
        position,
      );
    case 'name-twice':
      return t('Entry {0} of rocketmq.connections has the name of one before it.', position);
    default:
      return t('Entry {0} of rocketmq.connections has no NameServer addresses: nameServers is no text.', position);
  }
}

function propertyProblem(name: string | number | boolean, reason: string | number | boolean): ErrorWords {
  switch (reason) {
    case 'reserved':
      return say(
        t('RocketMQ keeps the property {0} for itself.', name),
        t('Take another name; tag and keys have fields of their own.'),
      );
    case 'blank':
      return say(t('The property {0} has no name or no value.', name), t('Fill in both, or remove it.'));
    default:
      return say(t('The property {0} cannot be sent.', name), t('Remove control characters from it.'));
  }
}

/** The rules of a broker for names of topics. */
export function topicNameProblem(reason: string | number | boolean): string {
  switch (reason) {
    case 'blank':
      return t('The name is empty.');
    case 'too-long':
      return t('The name of a topic has at most 127 characters.');
    case 'reserved':
      return t('RocketMQ keeps this name for itself.');
    default:
      return t('Only letters, digits and the characters _ - % | are allowed.');
  }
}

function requestName(code: string | number | boolean): string {
  return requestCodeName(Number(code));
}

function responseName(code: string | number | boolean): string {
  return responseCodeName(Number(code));
}
