import type { JSX, RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from './controls.tsx';
import { l10n } from './l10n.ts';

const MOST_OPTIONS = 100;

interface ComboboxProps {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly options: readonly string[];
  readonly onValue: (value: string) => void;
  /** The list was opened: a moment to read the options anew. */
  readonly onOpen: () => void;
  readonly placeholder: string;
  /** Id of the element that says what is wrong. */
  readonly errorId?: string | undefined;
  readonly focusRef: RefObject<HTMLInputElement | null>;
}

/** Type or choose. Follows the combobox pattern with a listbox of WAI-ARIA 1.2; the focus stays in the input. */
export function Combobox(props: ComboboxProps): JSX.Element {
  const { id, label, value, options, focusRef } = props;
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState(false);
  const [active, setActive] = useState(-1);
  const list = useRef<HTMLUListElement>(null);
  const listId = `${id}-options`;
  const fitting = typed
    ? options.filter((option) => option.toLowerCase().includes(value.trim().toLowerCase()))
    : options;
  const shown = fitting.slice(0, MOST_OPTIONS);
  const expanded = open && shown.length > 0;

  useEffect(() => {
    if (expanded && active >= 0) list.current?.children[active]?.scrollIntoView({ block: 'nearest' });
  }, [expanded, active]);

  const show = (): void => {
    if (open) return;
    setOpen(true);
    setTyped(false);
    setActive(-1);
    props.onOpen();
  };
  const hide = (): void => {
    setOpen(false);
    setActive(-1);
  };
  const choose = (option: string | undefined): void => {
    if (option !== undefined) props.onValue(option);
    setTyped(false);
    hide();
  };
  const move = (step: number): void => {
    if (!expanded) show();
    if (shown.length > 0)
      setActive((now) => (now < 0 && step < 0 ? shown.length - 1 : (now + step + shown.length) % shown.length));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.isComposing) return;
    if (event.key === 'ArrowDown') move(1);
    else if (event.key === 'ArrowUp') move(-1);
    else if (event.key === 'Enter' && expanded) choose(shown[active]);
    else if (event.key === 'Escape' && expanded) hide();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div class="combobox">
      <label for={id}>{label}</label>
      <div class="combobox-box">
        <input
          ref={focusRef}
          id={id}
          type="text"
          role="combobox"
          autocomplete="off"
          spellcheck={false}
          value={value}
          placeholder={props.placeholder}
          aria-autocomplete="list"
          aria-expanded={expanded}
          aria-controls={expanded ? listId : undefined}
          aria-activedescendant={expanded && active >= 0 ? `${listId}-${active}` : undefined}
          aria-invalid={props.errorId === undefined ? undefined : true}
          aria-describedby={props.errorId}
          onInput={(event) => {
            if (!open) props.onOpen();
            setOpen(true);
            setTyped(true);
            setActive(-1);
            props.onValue(event.currentTarget.value);
          }}
          onKeyDown={onKeyDown}
          onBlur={hide}
        />
        <button
          type="button"
          class="combobox-toggle"
          tabIndex={-1}
          aria-label={l10n.t('Show topics')}
          aria-expanded={expanded}
          // The input keeps the focus, so that its blur does not close what the click opens.
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => {
            focusRef.current?.focus();
            if (open) hide();
            else show();
          }}
        >
          <Icon name="chevron-down" />
        </button>
      </div>
      {expanded && (
        <div class="combobox-popup" onMouseDown={(event) => event.preventDefault()}>
          <ul ref={list} id={listId} role="listbox" aria-label={label}>
            {shown.map((option, index) => (
              <li
                key={option}
                id={`${listId}-${index}`}
                role="option"
                aria-selected={index === active}
                class={index === active ? 'active' : undefined}
                onClick={() => choose(option)}
              >
                {option}
              </li>
            ))}
          </ul>
          {fitting.length > shown.length && (
            <div class="combobox-more">{l10n.t('{0} more: type to find them', fitting.length - shown.length)}</div>
          )}
        </div>
      )}
    </div>
  );
}
