import type { JSX } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import type { SendDraft, SendType } from '../../src/contract/sendForm.ts';
import { Combobox } from '../shared/combobox.tsx';
import { Button, TextArea, TextField } from '../shared/controls.tsx';
import { formatBytes } from '../shared/format.ts';
import { l10n } from '../shared/l10n.ts';
import { DeliveryFields } from './deliveryFields.tsx';
import type { DraftProblems } from './draft.ts';
import { isJsonDocument, utf8Length } from './draft.ts';
import { FieldError } from './fieldError.tsx';
import { PropertyRows } from './propertyRows.tsx';
import type { MessageTypes } from './useMessageTypes.ts';

interface DraftFieldsProps {
  readonly draft: SendDraft;
  readonly topics: readonly string[];
  /** Undefined where messages have no types. */
  readonly types: MessageTypes | undefined;
  /** Which of the types is sent. */
  readonly type: SendType;
  readonly maxBodyBytes: number;
  readonly problems: DraftProblems;
  readonly onChange: (part: Partial<SendDraft>) => void;
  readonly onTopicsWanted: () => void;
  readonly onFormat: () => void;
}

export function DraftFields({
  draft,
  topics,
  types,
  type,
  maxBodyBytes,
  problems,
  onChange,
  ...asks
}: DraftFieldsProps): JSX.Element {
  const topicInput = useRef<HTMLInputElement>(null);
  const sizeBytes = useMemo(() => utf8Length(draft.body), [draft.body]);
  const formattable = useMemo(() => isJsonDocument(draft.body), [draft.body]);
  return (
    <>
      <div data-field="topic">
        <Combobox
          id="topic"
          label={l10n.t('Topic')}
          value={draft.topic}
          options={topics}
          onValue={(topic) => onChange({ topic })}
          onOpen={asks.onTopicsWanted}
          placeholder={l10n.t('Choose a topic or type its name')}
          errorId={problems.topic === undefined ? undefined : 'topic-error'}
          focusRef={topicInput}
        />
        <FieldError id="topic-error" text={problems.topic} />
      </div>
      {types !== undefined && (
        <DeliveryFields
          draft={draft.delivery}
          type={type}
          offered={types.offered}
          hint={types.hint}
          problem={problems.delivery}
          onDraft={(delivery) => onChange({ delivery })}
        />
      )}
      <div class="pair">
        <TextField
          label={l10n.t('Tag')}
          placeholder={l10n.t('One tag; may be left empty')}
          value={draft.tag}
          onValue={(tag) => onChange({ tag })}
        />
        <TextField
          label={l10n.t('Keys')}
          placeholder={l10n.t('Separated by spaces; may be left empty')}
          value={draft.keys}
          onValue={(keys) => onChange({ keys })}
        />
      </div>
      <div data-field="properties">
        <PropertyRows
          properties={draft.properties}
          problem={problems.properties}
          onProperties={(properties) => onChange({ properties })}
        />
      </div>
      <div data-field="body" class="body">
        <TextArea
          label={l10n.t('Body')}
          rows={8}
          value={draft.body}
          invalid={problems.body !== undefined}
          onValue={(body) => onChange({ body })}
        />
        <div class="body-foot">
          <span class={sizeBytes > maxBodyBytes ? 'error' : 'muted'}>
            {l10n.t('{0} of {1} at most', formatBytes(sizeBytes), formatBytes(maxBodyBytes))}
          </span>
          <Button icon="json" disabled={!formattable} onPress={asks.onFormat}>
            {l10n.t('Format JSON')}
          </Button>
        </div>
        <FieldError id="body-error" text={problems.body} />
      </div>
    </>
  );
}
