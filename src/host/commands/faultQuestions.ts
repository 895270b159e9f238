import * as vscode from 'vscode';

import type { FaultKind } from '../../broker/control.ts';
import { RequestCode, ResponseCode } from '../../protocol/codes.ts';
import { faultKindWords } from '../control/faultWords.ts';
import type { FaultTarget } from '../control/localFaults.ts';
import type { PickItem } from '../prompts.ts';

const { t } = vscode.l10n;

/** Asked for with a question of its own. */
export const OTHER = 'other';

const KINDS: readonly FaultKind[] = [
  'refuse',
  'delay',
  'dropAnswer',
  'answerTwice',
  'deliverTwice',
  'closeConnection',
  'stopReading',
  'forgetRoute',
  'pretendVersion',
];

/** RPCs have one answer, streams of their own and name no release. Source: docs/testing-your-code.md. */
const ONLY_REMOTING: ReadonlySet<FaultKind> = new Set<FaultKind>(['answerTwice', 'stopReading', 'pretendVersion']);

export function kindItems(): readonly PickItem<FaultKind>[] {
  return KINDS.map((value) => {
    const [label, detail] = faultKindWords(value);
    return { label, description: value, detail, value };
  });
}

/** One where there is nothing to choose. */
export function targetItems(kind: FaultKind, servesGrpc: boolean): readonly PickItem<FaultTarget | typeof OTHER>[] {
  const grpc = servesGrpc && !ONLY_REMOTING.has(kind);
  switch (kind) {
    case 'deliverTwice':
    case 'forgetRoute':
      return [
        { label: t('Clients of remoting'), value: {} },
        ...(grpc ? [{ label: t('Clients of gRPC'), value: { server: 'grpc' } as const }] : []),
      ];
    default:
      return [...remotingItems(), ...(grpc ? grpcItems() : [])];
  }
}

const ROUTES = { server: 'nameServer', request: 'GET_ROUTEINFO_BY_TOPIC' } as const;

function remotingItems(): readonly PickItem<FaultTarget | typeof OTHER>[] {
  return [
    { label: t('Every request to the broker'), value: {} },
    named('SEND', t('Sends')),
    named('PULL', t('Pulls')),
    named('POP', t('Pops')),
    named('ACK', t('Acknowledgements of pops')),
    named('HEART_BEAT', t('Heartbeats')),
    { label: t('Another request code…'), value: OTHER },
    { label: t('Every request to the NameServer'), value: { server: 'nameServer' } },
    { label: t('Routes asked of the NameServer'), description: ROUTES.request, value: ROUTES },
  ];
}

function named(request: string, label: string): PickItem<FaultTarget> {
  return { label, description: request, value: { request } };
}

function grpcItems(): readonly PickItem<FaultTarget>[] {
  const rpcs = ['SendMessage', 'ReceiveMessage', 'AckMessage', 'QueryRoute', 'Heartbeat'];
  return [
    { label: t('Every gRPC call'), value: { server: 'grpc' } },
    ...rpcs.map((rpc) => ({ label: t('gRPC: {0}', rpc), value: { rpc } })),
  ];
}

/** With what it refuses: names of Apache's, or `OTHER`. */
export function refusalItems(isGrpc: boolean): readonly PickItem<string>[] {
  return isGrpc ? rpcRefusals() : refusals();
}

function refusals(): readonly PickItem<string>[] {
  return [
    item('SYSTEM_BUSY', t('Busy: clients try another broker, or again')),
    item('SERVICE_NOT_AVAILABLE', t('The disk is full, or the broker is a slave')),
    item('FLUSH_DISK_TIMEOUT', t('Stored, but not on disk in time')),
    item('FLUSH_SLAVE_TIMEOUT', t('Stored, but not copied to a slave in time')),
    item('SLAVE_NOT_AVAILABLE', t('Stored, but there is no slave')),
    item('NO_PERMISSION', t('The topic or the group may not do that')),
    item('TOPIC_NOT_EXIST', t('There is no such topic')),
    item('SYSTEM_ERROR', t('Something is broken')),
    { label: t('Another response code…'), value: OTHER },
  ];
}

function rpcRefusals(): readonly PickItem<string>[] {
  return [
    item('TOO_MANY_REQUESTS', t('Busy: clients try again')),
    item('INTERNAL_SERVER_ERROR', t('Something is broken')),
    item('MASTER_PERSISTENCE_TIMEOUT', t('Stored, but not on disk in time')),
    item('SLAVE_PERSISTENCE_TIMEOUT', t('Stored, but not copied to a slave in time')),
    item('HA_NOT_AVAILABLE', t('Stored, but there is no slave')),
    item('FORBIDDEN', t('The client may not do that')),
    item('TOPIC_NOT_FOUND', t('There is no such topic')),
    item('UNAVAILABLE', t('The call itself ends, as without a server')),
  ];
}

function item(code: string, detail: string): PickItem<string> {
  return { label: code, detail, value: code };
}

/** Why a text names no request code. */
export function requestProblem(text: string): string | undefined {
  return names(RequestCode, text) ? undefined : t('A number, or a name such as {0}.', 'QUERY_CONSUMER_OFFSET');
}

/** Why a text names no response code. */
export function responseProblem(text: string): string | undefined {
  return names(ResponseCode, text) ? undefined : t('A number, or a name such as {0}.', 'PULL_NOT_FOUND');
}

function names(table: object, text: string): boolean {
  return /^\d{1,9}$/.test(text.trim()) || Object.hasOwn(table, text.trim());
}

export function versionProblem(text: string): string | undefined {
  return /^[45]\.\d\.\d$/.test(text.trim()) ? undefined : t('A release such as {0}.', '4.9.4');
}

/** Why a text is no number in bounds; an empty one is none where it may be missing. */
export function numberProblem(text: string, least: number, most: number, mayBeEmpty = false): string | undefined {
  const trimmed = text.trim();
  if (trimmed === '' && mayBeEmpty) return undefined;
  const isGood = /^\d+(\.\d+)?$/.test(trimmed) && Number(trimmed) >= least && Number(trimmed) <= most;
  return isGood ? undefined : t('A number from {0} to {1}.', least, most);
}

export function wholeProblem(text: string, least: number, most: number, mayBeEmpty = false): string | undefined {
  return text.includes('.') ? t('A whole number.') : numberProblem(text, least, most, mayBeEmpty);
}

export function nameProblem(text: string): string | undefined {
  if (text.trim() === '') return t('A name is needed.');
  return text.trim().length > 255 ? t('A name has at most 255 characters.') : undefined;
}
