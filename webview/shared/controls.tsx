import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeProgressRing,
  vsCodeTextArea,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';
import { h } from 'preact';
import type { ComponentChildren, JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

/*
 * The only door to the toolkit: its elements keep their label inside a shadow tree and set `aria-label` by themselves
 * when they are connected, which is put right here.
 */

provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeProgressRing(), vsCodeTextArea(), vsCodeTextField());

interface ButtonProps {
  readonly onPress: () => void;
  readonly children: ComponentChildren;
  readonly appearance?: 'primary' | 'secondary';
  readonly icon?: string;
  readonly disabled?: boolean;
  readonly pressed?: boolean;
  readonly title?: string;
  readonly class?: string;
}

export function Button({
  onPress,
  children,
  appearance = 'secondary',
  icon,
  disabled = false,
  pressed,
  title,
  ...rest
}: ButtonProps): JSX.Element {
  return h(
    'vscode-button',
    {
      appearance,
      disabled,
      title,
      class: rest.class,
      ...(pressed !== undefined && { ariaPressed: String(pressed) }),
      // A disabled element of the toolkit still answers to `click()`.
      onClick: () => {
        if (!disabled) onPress();
      },
    },
    icon === undefined ? undefined : <span slot="start" class={`codicon codicon-${icon}`} aria-hidden="true" />,
    children,
  );
}

interface IconButtonProps {
  readonly icon: string;
  readonly label: string;
  readonly onPress: () => void;
  readonly disabled?: boolean;
}

export function IconButton({ icon, label, onPress, disabled = false }: IconButtonProps): JSX.Element {
  return h(
    'vscode-button',
    {
      appearance: 'icon',
      disabled,
      title: label,
      'aria-label': label,
      onClick: () => {
        if (!disabled) onPress();
      },
    },
    <span class={`codicon codicon-${icon}`} aria-hidden="true" />,
  );
}

interface TextProps {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly labelHidden?: boolean;
  readonly placeholder?: string;
  readonly invalid?: boolean;
  readonly class?: string;
}

export function TextField(props: TextProps): JSX.Element {
  return textControl('vscode-text-field', props, {});
}

export function TextArea({ rows, ...props }: TextProps & { readonly rows: number }): JSX.Element {
  return textControl('vscode-text-area', props, { rows, resize: 'vertical' });
}

function textControl(element: string, props: TextProps, extra: Readonly<Record<string, unknown>>): JSX.Element {
  const ref = useRef<HTMLElement>(null);
  // At once: the toolkit would set it with the next frame, after the focus has come here and it was read out.
  useLayoutEffect(() => {
    ref.current?.setAttribute('aria-label', props.label);
    ref.current?.setAttribute('aria-invalid', String(props.invalid === true));
  });
  return h(
    element,
    {
      ...extra,
      ref,
      value: props.value,
      placeholder: props.placeholder ?? '',
      spellcheck: false,
      class: props.class,
      onInput: (event: Event) => props.onValue((event.currentTarget as HTMLInputElement).value),
    },
    props.labelHidden === true ? undefined : props.label,
  );
}

export function ProgressRing(): JSX.Element {
  return h('vscode-progress-ring', { class: 'progress', 'aria-hidden': 'true' });
}

export function Icon({ name }: { readonly name: string }): JSX.Element {
  return <span class={`codicon codicon-${name}`} aria-hidden="true" />;
}
