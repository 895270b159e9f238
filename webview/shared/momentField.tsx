import type { JSX } from 'preact';

interface MomentFieldProps {
  readonly id: string;
  readonly label: string;
  /** `2026-01-31T12:00:00`, by the clock on the wall. */
  readonly value: string;
  readonly invalid: boolean;
  readonly onValue: (value: string) => void;
}

export function MomentField({ id, label, value, invalid, onValue }: MomentFieldProps): JSX.Element {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        class="input"
        type="datetime-local"
        step={1}
        value={value}
        aria-invalid={invalid ? true : undefined}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
    </div>
  );
}
