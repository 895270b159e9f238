import type { JSX } from 'preact';

export interface SelectOption<V extends string> {
  readonly value: V;
  readonly label: string;
}

interface SelectProps<V extends string> {
  readonly id: string;
  readonly label: string;
  readonly labelHidden?: boolean;
  readonly value: V;
  readonly options: readonly SelectOption<V>[];
  readonly onValue: (value: V) => void;
  /** Id of the element that says more. */
  readonly describedBy?: string;
}

/** The browser's own: that of the toolkit takes a value only after its options were drawn. */
export function Select<V extends string>(props: SelectProps<V>): JSX.Element {
  const { id, label, labelHidden = false, value, options } = props;
  return (
    <div class="field">
      {!labelHidden && <label for={id}>{label}</label>}
      <select
        id={id}
        class="input"
        aria-label={labelHidden ? label : undefined}
        aria-describedby={props.describedBy}
        value={value}
        onChange={(event) => {
          const chosen = options.find((option) => option.value === event.currentTarget.value);
          if (chosen !== undefined) props.onValue(chosen.value);
        }}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  );
}
