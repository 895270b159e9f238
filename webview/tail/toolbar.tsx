import type { JSX } from 'preact';
import type { TailState } from '../../src/contract/tail.ts';
import { Button } from '../shared/controls.tsx';
import { formatBytes, formatNumber } from '../shared/format.ts';
import { l10n } from '../shared/l10n.ts';

interface ToolbarProps {
  readonly state: TailState;
  readonly follow: boolean;
  readonly onPause: () => void;
  readonly onResume: () => void;
  readonly onClear: () => void;
  readonly onFollow: (follow: boolean) => void;
}

export function Toolbar({ state, follow, onPause, onResume, onClear, onFollow }: ToolbarProps): JSX.Element {
  return (
    <div class="toolbar">
      {state.paused ? (
        <Button key="pause" icon="debug-start" onPress={onResume}>
          {l10n.t('Resume')}
        </Button>
      ) : (
        <Button key="pause" icon="debug-pause" disabled={state.waitsToJoin} onPress={onPause}>
          {l10n.t('Pause')}
        </Button>
      )}
      <Button icon="clear-all" disabled={state.held === 0} onPress={onClear}>
        {l10n.t('Clear')}
      </Button>
      <Button
        icon="arrow-down"
        pressed={follow}
        class={follow ? 'toggle on' : 'toggle'}
        title={l10n.t('Keep the newest message in view')}
        onPress={() => onFollow(!follow)}
      >
        {l10n.t('Follow Newest')}
      </Button>
      <span class="counts" title={limits(state)}>
        {l10n.t(
          '{0} of {1} received are held, {2} at most',
          formatNumber(state.held),
          formatNumber(state.first + state.held),
          formatNumber(state.capacity),
        )}
      </span>
    </div>
  );
}

function limits({ capacity, capacityBytes }: TailState): string {
  return l10n.t(
    'The newest {0} messages are held, and {1} of bodies at most. Older ones leave this view and stay on the broker. The setting rocketmq.tail.capacity changes the number.',
    formatNumber(capacity),
    formatBytes(capacityBytes),
  );
}
