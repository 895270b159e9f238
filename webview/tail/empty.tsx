import type { JSX } from 'preact';
import type { TailState } from '../../src/contract/tail.ts';
import { Button } from '../shared/controls.tsx';
import { l10n } from '../shared/l10n.ts';

interface EmptyProps {
  readonly state: TailState;
  readonly onJoin: () => void;
  readonly onSend: () => void;
}

/** What stands there instead of rows. */
export function Empty({ state, onJoin, onSend }: EmptyProps): JSX.Element {
  return (
    <div class="empty">
      <p role="status">{emptyText(state)}</p>
      <p class="muted">{whatReadingDoes(state)}</p>
      <div class="empty-buttons">
        {state.waitsToJoin && (
          <Button appearance="primary" icon="debug-start" onPress={onJoin}>
            {l10n.t('Join the Group and Go On')}
          </Button>
        )}
        <Button icon="send" onPress={onSend}>
          {l10n.t('Send a Message')}
        </Button>
      </div>
    </div>
  );
}

function emptyText({ topic, group, waitsToJoin, paused, reading }: TailState): string {
  if (waitsToJoin) {
    return l10n.t('This tail came back with the window. It has not joined the group {0} again.', group ?? '');
  }
  if (paused) return l10n.t('Paused. Resume to see messages of {0}.', topic);
  if (reading) return l10n.t('Waiting for new messages of {0}.', topic);
  if (group !== undefined) return l10n.t('Joining the group {0}…', group);
  return l10n.t('Finding the queues of {0}…', topic);
}

function whatReadingDoes({ group }: TailState): string {
  if (group === undefined) {
    return l10n.t(
      'Messages show here as they arrive. Reading them joins no consumer group and changes nothing on the broker.',
    );
  }
  return l10n.t(
    'Messages show here as the group {0} receives them, and are acknowledged: other members of the group do not get them, and its progress moves on.',
    group,
  );
}
