import type { JSX } from 'preact';
import type { DelayUnit, DeliveryDraft, SendType } from '../../src/contract/sendForm.ts';
import { TextField } from '../shared/controls.tsx';
import { l10n } from '../shared/l10n.ts';
import { MomentField } from '../shared/momentField.tsx';
import { Select } from '../shared/select.tsx';
import type { SelectOption } from '../shared/select.tsx';
import { typeText } from './delivery.ts';
import type { DeliveryProblem } from './delivery.ts';
import { FieldError } from './fieldError.tsx';

interface DeliveryFieldsProps {
  readonly draft: DeliveryDraft;
  /** Which of the types is sent. */
  readonly type: SendType;
  readonly offered: readonly SendType[];
  /** What is known of the types that the topic takes. */
  readonly hint: string;
  readonly problem: DeliveryProblem | undefined;
  readonly onDraft: (draft: DeliveryDraft) => void;
}

/** The type of the message, and what makes it one of that type. */
export function DeliveryFields({ draft, type, offered, hint, problem, onDraft }: DeliveryFieldsProps): JSX.Element {
  const change = (part: Partial<DeliveryDraft>): void => onDraft({ ...draft, ...part });
  const isFaulty = (control: DeliveryProblem['control']): boolean => problem?.control === control;
  return (
    <div data-field="delivery" class="delivery">
      <div class="pair">
        <Select
          id="message-type"
          label={l10n.t('Message type')}
          value={type}
          options={offered.map((value) => ({ value, label: typeText(value) }))}
          onValue={(chosen) => change({ type: chosen })}
          describedBy="message-type-hint"
        />
        {type === 'FIFO' && (
          <TextField
            label={l10n.t('Message group')}
            placeholder={l10n.t('Messages of one group are kept in order')}
            class="message-group"
            value={draft.messageGroup}
            invalid={isFaulty('message-group')}
            onValue={(messageGroup) => change({ messageGroup })}
          />
        )}
        {type === 'DELAY' && (
          <Select
            id="delay-by"
            label={l10n.t('Delivery')}
            value={draft.delayBy}
            options={[
              { value: 'duration', label: l10n.t('After a delay') },
              { value: 'moment', label: l10n.t('At a given time') },
            ]}
            onValue={(delayBy) => change({ delayBy })}
          />
        )}
        {type === 'PRIORITY' && (
          <TextField
            label={l10n.t('Priority')}
            placeholder={l10n.t('A whole number; higher ones are delivered first')}
            class="priority"
            value={draft.priority}
            invalid={isFaulty('priority')}
            onValue={(priority) => change({ priority })}
          />
        )}
        {type === 'LITE' && (
          <TextField
            label={l10n.t('Lite topic')}
            placeholder={l10n.t('Letters, digits, _ and -; 64 at most')}
            class="lite-topic"
            value={draft.liteTopic}
            invalid={isFaulty('lite-topic')}
            onValue={(liteTopic) => change({ liteTopic })}
          />
        )}
        {type === 'TRANSACTION' && (
          <Select
            id="transaction-end"
            label={l10n.t('The transaction')}
            value={draft.transactionEnd}
            options={[
              { value: 'commit', label: l10n.t('Commit at once: it is delivered') },
              { value: 'rollback', label: l10n.t('Roll back at once: nobody gets it') },
            ]}
            onValue={(transactionEnd) => change({ transactionEnd })}
          />
        )}
        {type === 'DELAY' && draft.delayBy === 'duration' && (
          <div class="duration">
            <TextField
              label={l10n.t('Delay')}
              placeholder="30"
              class="delay"
              value={draft.delay}
              invalid={isFaulty('delay')}
              onValue={(delay) => change({ delay })}
            />
            <Select
              id="delay-unit"
              label={l10n.t('Unit of the delay')}
              labelHidden
              value={draft.delayUnit}
              options={unitOptions()}
              onValue={(delayUnit) => change({ delayUnit })}
            />
          </div>
        )}
        {type === 'DELAY' && draft.delayBy === 'moment' && (
          <MomentField
            id="deliver-at"
            label={l10n.t('Moment of delivery')}
            value={draft.deliverAt}
            invalid={isFaulty('deliver-at')}
            onValue={(deliverAt) => change({ deliverAt })}
          />
        )}
      </div>
      <p id="message-type-hint" class="muted hint" aria-live="polite">
        {hint}
      </p>
      <FieldError id="delivery-error" text={problem?.text} />
    </div>
  );
}

function unitOptions(): readonly SelectOption<DelayUnit>[] {
  return [
    { value: 'seconds', label: l10n.t('seconds') },
    { value: 'minutes', label: l10n.t('minutes') },
    { value: 'hours', label: l10n.t('hours') },
    { value: 'days', label: l10n.t('days') },
  ];
}
