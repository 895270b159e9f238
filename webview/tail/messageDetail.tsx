import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { TailMessage } from '../../src/contract/tail.ts';
import { Button, IconButton } from '../shared/controls.tsx';
import { formatBytes, formatInstant, formatNumber } from '../shared/format.ts';
import { l10n } from '../shared/l10n.ts';

interface MessageDetailProps {
  readonly message: TailMessage;
  readonly onClose: () => void;
  readonly onCopy: (text: string) => void;
  readonly onCopyBody: () => void;
  readonly onOpenInEditor: () => void;
}

/** The whole message. Takes the focus when it opens, so that it is read from its head. */
export function MessageDetail({
  message,
  onClose,
  onCopy,
  onCopyBody,
  onOpenInEditor,
}: MessageDetailProps): JSX.Element {
  const head = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => head.current?.focus(), []);
  return (
    <section class="detail" aria-labelledby="detail-title">
      <div class="detail-head">
        <h2 id="detail-title" tabIndex={-1} ref={head}>
          {l10n.t('{0}, queue {1}, offset {2}', message.brokerName, message.queueId, message.offset)}
        </h2>
        <IconButton icon="close" label={l10n.t('Close the message (Escape)')} onPress={onClose} />
      </div>
      <div class="detail-scroll" tabIndex={0} role="group" aria-label={l10n.t('The whole message')}>
        <dl class="facts">
          {facts(message).map(({ name, value, copy }) => (
            <div class="fact" key={name}>
              <dt>{name}</dt>
              <dd>
                <span class={copy === true ? 'mono' : undefined}>{value}</span>
                {copy === true && (
                  <IconButton icon="copy" label={l10n.t('Copy {0}', name)} onPress={() => onCopy(value)} />
                )}
              </dd>
            </div>
          ))}
        </dl>
        <h3>{l10n.t('Properties ({0})', message.properties.length)}</h3>
        <table class="detail-properties">
          <thead>
            <tr>
              <th scope="col">{l10n.t('Name')}</th>
              <th scope="col">{l10n.t('Value')}</th>
            </tr>
          </thead>
          <tbody>
            {message.properties.map(({ name, value }) => (
              <tr key={name}>
                <td>{name}</td>
                <td class="mono">{value}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <div class="detail-body-head">
          <h3>{bodyTitle(message)}</h3>
          <Button icon="copy" onPress={onCopyBody}>
            {l10n.t('Copy Body')}
          </Button>
          <Button icon="go-to-file" onPress={onOpenInEditor}>
            {l10n.t('Open in Editor')}
          </Button>
        </div>
        {message.bodyProblem !== undefined && <p class="error">{message.bodyProblem}</p>}
        {message.shownBytes < message.sizeBytes && (
          <p class="muted">
            {l10n.t(
              'The first {0} of {1} stand here; Open in Editor shows all.',
              formatBytes(message.shownBytes),
              formatBytes(message.sizeBytes),
            )}
          </p>
        )}
        <pre class={`mono body-${message.bodyFormat}`}>{message.body}</pre>
      </div>
    </section>
  );
}

interface Fact {
  readonly name: string;
  readonly value: string;
  readonly copy?: boolean;
}

function facts(message: TailMessage): readonly Fact[] {
  return [
    { name: l10n.t('Message id'), value: message.messageId, copy: true },
    { name: l10n.t('Offset message id'), value: message.offsetMessageId, copy: true },
    { name: l10n.t('Tag'), value: message.tag },
    { name: l10n.t('Keys'), value: message.keys },
    { name: l10n.t('Topic'), value: message.topic },
    { name: l10n.t('Stored at'), value: formatInstant(message.storedAtMs) },
    { name: l10n.t('Born at'), value: formatInstant(message.bornAtMs) },
    { name: l10n.t('Sent from'), value: message.bornHost },
    { name: l10n.t('Stored on'), value: message.storeHost },
    { name: l10n.t('Times consumed again'), value: formatNumber(message.reconsumeTimes) },
  ].filter(({ value }) => value !== '');
}

function bodyTitle({ bodyFormat, sizeBytes }: TailMessage): string {
  const size = formatBytes(sizeBytes);
  switch (bodyFormat) {
    case 'json':
      return l10n.t('Body: JSON, {0}', size);
    case 'text':
      return l10n.t('Body: text, {0}', size);
    case 'hex':
      return l10n.t('Body: binary, {0}', size);
  }
}
