import type { TailRow } from '../../src/contract/tail.ts';
import { formatBytes, formatInstant, formatTime } from '../shared/format.ts';
import { l10n } from '../shared/l10n.ts';
import type { ListColumn } from '../shared/virtualList.tsx';

let columns: readonly ListColumn<TailRow>[] | undefined;

export function tailColumns(): readonly ListColumn<TailRow>[] {
  columns ??= [
    {
      name: 'time',
      title: l10n.t('Time'),
      cell: (row) => formatTime(row.storedAtMs),
      hint: (row) => l10n.t('Stored at {0}', formatInstant(row.storedAtMs)),
    },
    {
      name: 'queue',
      title: l10n.t('Queue'),
      // Of a long name the end is cut off, never the queue's number.
      cell: (row) => (
        <>
          <span class="queue-broker">{row.brokerName}</span> · {row.queueId}
        </>
      ),
      hint: (row) => l10n.t('Broker {0}, queue {1}', row.brokerName, row.queueId),
    },
    { name: 'offset', title: l10n.t('Offset'), cell: (row) => row.offset, hint: (row) => String(row.offset) },
    { name: 'tag', title: l10n.t('Tag'), cell: (row) => row.tag, hint: (row) => row.tag },
    { name: 'keys', title: l10n.t('Keys'), cell: (row) => row.keys, hint: (row) => row.keys },
    {
      name: 'body',
      title: l10n.t('Body'),
      cell: (row) => row.preview,
      hint: (row) => formatBytes(row.sizeBytes),
    },
  ];
  return columns;
}
