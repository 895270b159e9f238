import * as vscode from 'vscode';

import type { FaultKind, SetFault } from '../../broker/control.ts';

const { t } = vscode.l10n;

/** What happens to a request, in two or three words and in a sentence. */
export function faultKindWords(kind: FaultKind): readonly [label: string, detail: string] {
  switch (kind) {
    case 'refuse':
      return [t('Refuse'), t('Answered with an error that you choose, as a broker that is busy or has a full disk.')];
    case 'delay':
      return [t('Answer late'), t('Carried out at once, answered later.')];
    case 'dropAnswer':
      return [t('Never answer'), t('Carried out, but the client waits until its time is over.')];
    case 'answerTwice':
      return [t('Answer twice'), t('The client gets the same answer once more.')];
    case 'deliverTwice':
      return [t('Deliver twice'), t('Messages that a consumer has got come once more.')];
    case 'closeConnection':
      return [t('Close the connection'), t('Not carried out; the client has to connect again.')];
    case 'stopReading':
      return [t('Stop reading'), t('Nothing more of that connection is read, as if the broker stood still.')];
    case 'forgetRoute':
      return [t('Forget the route'), t('The NameServer does not know the topic.')];
    case 'pretendVersion':
      return [t('Pretend another version'), t('Answers come from another release.')];
  }
}

/** What happens, with its measure. */
export function faultLabel({ kind, code, ms, version }: Pick<SetFault, 'kind' | 'code' | 'ms' | 'version'>): string {
  const measure = code ?? version ?? (ms === undefined ? undefined : t('{0} ms', ms));
  const [label] = faultKindWords(kind);
  return measure === undefined ? label : t('{0}: {1}', label, measure);
}

/** Of a fault that tells only some. */
export function faultTargetText({ server, requests, rpcs }: Pick<SetFault, 'server' | 'requests' | 'rpcs'>): string {
  const named = rpcs ?? requests;
  if (named !== undefined) return named.join(', ');
  switch (server) {
    case 'broker':
      return t('every request to the broker');
    case 'nameServer':
      return t('every request to the NameServer');
    case 'grpc':
      return t('every gRPC call');
  }
}
