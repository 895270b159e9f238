import type { ComponentChildren, JSX } from 'preact';
import type { SendDelivery, SendReceipt } from '../../src/contract/sendForm.ts';
import { Button, Icon, IconButton } from '../shared/controls.tsx';
import { formatNumber, formatTime } from '../shared/format.ts';
import { l10n } from '../shared/l10n.ts';
import { deliveryText } from './delivery.ts';

export const MOST_RESULTS = 20;

export interface SendResult {
  readonly number: number;
  readonly topic: string;
  readonly atMs: number;
  readonly receipt: SendReceipt;
  /** Where messages have types. */
  readonly delivery?: SendDelivery | undefined;
}

interface ResultsProps {
  /** Newest first. */
  readonly results: readonly SendResult[];
  readonly onCopy: (text: string) => void;
  readonly onOpenTail: (topic: string) => void;
  readonly onClear: () => void;
}

/** The last answers. The newest stands in a live region, so that it is read out. */
export function Results({ results, onCopy, onOpenTail, onClear }: ResultsProps): JSX.Element {
  const [newest, ...earlier] = results;
  return (
    <>
      <div role="status" aria-live="polite" class="newest">
        {newest !== undefined && <Newest result={newest} onCopy={onCopy} onOpenTail={onOpenTail} />}
      </div>
      {earlier.length > 0 && (
        <section class="earlier" aria-labelledby="earlier-title">
          <div class="earlier-head">
            <h2 id="earlier-title">{l10n.t('Sent Earlier ({0} at most)', MOST_RESULTS - 1)}</h2>
            <IconButton icon="clear-all" label={l10n.t('Clear the list of sent messages')} onPress={onClear} />
          </div>
          <ul>
            {earlier.map((result) => (
              <li key={result.number}>
                <span class="muted">{formatTime(result.atMs)}</span>
                <span class="earlier-topic">{result.topic}</span>
                <span>{place(result.receipt)}</span>
                <span class="mono earlier-id">{result.receipt.messageId}</span>
                <IconButton
                  icon="copy"
                  label={l10n.t('Copy message id {0}', result.receipt.messageId)}
                  onPress={() => onCopy(result.receipt.messageId)}
                />
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function Newest({
  result,
  onCopy,
  onOpenTail,
}: { readonly result: SendResult } & Pick<ResultsProps, 'onCopy' | 'onOpenTail'>): JSX.Element {
  const { receipt, topic, delivery } = result;
  const stored = receipt.status === 'SEND_OK';
  return (
    <section class="result" key={result.number}>
      <h2 class={stored ? 'sent' : 'sent unsure'}>
        <Icon name={stored ? 'pass' : 'warning'} />
        {l10n.t('Sent to {0} at {1}, in {2} ms', topic, formatTime(result.atMs), formatNumber(receipt.elapsedMs))}
      </h2>
      {!stored && <p class="status">{statusText(receipt.status)}</p>}
      <dl>
        <Value name={l10n.t('Message id')} copy={receipt.messageId} onCopy={onCopy} mono />
        {delivery !== undefined && <Value name={l10n.t('Message type')}>{deliveryText(delivery, result.atMs)}</Value>}
        {receipt.offsetMessageId === undefined ? (
          <Value name={l10n.t('Offset message id')}>{l10n.t('unknown')}</Value>
        ) : (
          <Value name={l10n.t('Offset message id')} copy={receipt.offsetMessageId} onCopy={onCopy} mono />
        )}
        <Value name={l10n.t('Broker')}>{receipt.brokerName ?? l10n.t('unknown')}</Value>
        <Value name={l10n.t('Queue')}>{receipt.queueId ?? l10n.t('unknown')}</Value>
        <Value name={l10n.t('Offset')} copy={String(receipt.offset)} onCopy={onCopy} />
        {receipt.transactionId !== undefined && (
          <Value name={l10n.t('Transaction id')} copy={receipt.transactionId} onCopy={onCopy} mono />
        )}
        {receipt.recallHandle !== undefined && (
          <Value name={l10n.t('Recall handle')} copy={receipt.recallHandle} onCopy={onCopy} mono />
        )}
      </dl>
      <Button icon="list-flat" onPress={() => onOpenTail(topic)}>
        {l10n.t('Tail This Topic')}
      </Button>
    </section>
  );
}

interface ValueProps {
  readonly name: string;
  readonly copy?: string;
  readonly onCopy?: (text: string) => void;
  readonly mono?: boolean;
  readonly children?: ComponentChildren;
}

function Value({ name, copy, onCopy, mono = false, children }: ValueProps): JSX.Element {
  return (
    <div class="value">
      <dt>{name}</dt>
      <dd>
        <span class={mono ? 'mono' : undefined}>{copy ?? children}</span>
        {copy !== undefined && onCopy !== undefined && (
          <IconButton icon="copy" label={l10n.t('Copy {0}', name)} onPress={() => onCopy(copy)} />
        )}
      </dd>
    </div>
  );
}

function place({ brokerName, queueId, offset }: SendReceipt): string {
  if (brokerName === undefined || queueId === undefined) return l10n.t('queue unknown, offset {0}', offset);
  return l10n.t('{0}, queue {1}, offset {2}', brokerName, queueId, offset);
}

function statusText(status: string): string {
  switch (status) {
    case 'FLUSH_DISK_TIMEOUT':
      return l10n.t(
        'The broker has it in memory, but could not write it to disk in time. If the broker fails now, the message may be lost.',
      );
    case 'FLUSH_SLAVE_TIMEOUT':
      return l10n.t(
        'The broker has it, but its slave did not copy it in time. If the master fails now, the message may be lost.',
      );
    case 'SLAVE_NOT_AVAILABLE':
      return l10n.t(
        'The broker has it, but no slave is there to copy it. If the master fails now, the message may be lost.',
      );
    default:
      return l10n.t('The broker answered {0}.', status);
  }
}
