import type { DelayUnit, DeliveryDraft, SendDelivery, SendType } from '../../src/contract/sendForm.ts';
import { formatInstant } from '../shared/format.ts';
import { l10n } from '../shared/l10n.ts';

export const ALL_TYPES: readonly SendType[] = ['NORMAL', 'FIFO', 'DELAY', 'PRIORITY', 'LITE', 'TRANSACTION'];

const UNIT_MS: Readonly<Record<DelayUnit, number>> = {
  seconds: 1000,
  minutes: 60_000,
  hours: 3_600_000,
  days: 86_400_000,
};

/** What was chosen where the topic takes it, else the first that it takes. */
export function typeToSend(chosen: SendType, offered: readonly SendType[]): SendType {
  return offered.includes(chosen) ? chosen : (offered[0] ?? chosen);
}

export interface DeliveryProblem {
  readonly text: string;
  /** The control that it is about. */
  readonly control: 'message-group' | 'delay' | 'deliver-at' | 'priority' | 'lite-topic';
}

/** What the draft means, or what must be put right first. */
export function readDelivery(draft: DeliveryDraft, type: SendType): SendDelivery | DeliveryProblem {
  switch (type) {
    case 'NORMAL':
      return { type };
    case 'FIFO': {
      const group = draft.messageGroup.trim();
      return group === ''
        ? { control: 'message-group', text: l10n.t('Type a message group: messages of one group are kept in order.') }
        : { type, group };
    }
    case 'DELAY':
      return draft.delayBy === 'duration' ? readDuration(draft) : readMoment(draft);
    case 'PRIORITY': {
      const priority = draft.priority.trim();
      return /^\d{1,9}$/.test(priority)
        ? { type, priority: Number(priority) }
        : { control: 'priority', text: l10n.t('Type the priority as a whole number, 0 or more.') };
    }
    case 'LITE': {
      const liteTopic = draft.liteTopic.trim();
      return liteTopic === ''
        ? { control: 'lite-topic', text: l10n.t('Type the name of the lite topic.') }
        : { type, liteTopic };
    }
    case 'TRANSACTION':
      return { type, end: draft.transactionEnd };
  }
}

function readDuration({ delay, delayUnit }: DeliveryDraft): SendDelivery | DeliveryProblem {
  const count = delay.trim();
  if (!/^\d{1,9}(\.\d{1,3})?$/.test(count)) {
    return { control: 'delay', text: l10n.t('Type the delay as a number.') };
  }
  return { type: 'DELAY', afterMs: Math.round(Number(count) * UNIT_MS[delayUnit]) };
}

function readMoment({ deliverAt }: DeliveryDraft): SendDelivery | DeliveryProblem {
  const deliverAtMs = new Date(deliverAt).getTime();
  return Number.isNaN(deliverAtMs)
    ? { control: 'deliver-at', text: l10n.t('Choose the day and the time of delivery.') }
    : { type: 'DELAY', deliverAtMs };
}

/** How a message that was sent is delivered, in one line. */
export function deliveryText(delivery: SendDelivery, sentAtMs: number): string {
  switch (delivery.type) {
    case 'NORMAL':
      return typeText('NORMAL');
    case 'FIFO':
      return l10n.t('FIFO, message group {0}', delivery.group);
    case 'DELAY': {
      const atMs = 'afterMs' in delivery ? sentAtMs + delivery.afterMs : delivery.deliverAtMs;
      return l10n.t('Delay, delivered at {0}', formatInstant(atMs).slice(0, -'.000'.length));
    }
    case 'PRIORITY':
      return l10n.t('Priority {0}', delivery.priority);
    case 'LITE':
      return l10n.t('Lite topic {0}', delivery.liteTopic);
    case 'TRANSACTION':
      return delivery.end === 'commit' ? l10n.t('Transaction, committed') : l10n.t('Transaction, rolled back');
  }
}

export function typeText(type: SendType): string {
  switch (type) {
    case 'NORMAL':
      return l10n.t('Normal');
    case 'FIFO':
      return l10n.t('FIFO');
    case 'DELAY':
      return l10n.t('Delay');
    case 'PRIORITY':
      return l10n.t('Priority');
    case 'LITE':
      return l10n.t('Lite');
    case 'TRANSACTION':
      return l10n.t('Transaction');
  }
}
