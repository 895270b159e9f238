import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { SendProperty } from '../../src/contract/sendForm.ts';
import { Button, IconButton, TextField } from '../shared/controls.tsx';
import { l10n } from '../shared/l10n.ts';

interface PropertyRowsProps {
  readonly properties: readonly SendProperty[];
  readonly onProperties: (properties: readonly SendProperty[]) => void;
  readonly problem: string | undefined;
}

export function PropertyRows({ properties, onProperties, problem }: PropertyRowsProps): JSX.Element {
  const section = useRef<HTMLElement>(null);
  const focusAfter = useRef<string | undefined>(undefined);
  useLayoutEffect(() => {
    if (focusAfter.current === undefined) return;
    section.current?.querySelector<HTMLElement>(focusAfter.current)?.focus();
    focusAfter.current = undefined;
  });

  const change = (index: number, part: Partial<SendProperty>): void =>
    onProperties(properties.map((property, at) => (at === index ? { ...property, ...part } : property)));
  const add = (): void => {
    focusAfter.current = `[data-row="${properties.length}"] vscode-text-field`;
    onProperties([...properties, { name: '', value: '' }]);
  };
  const remove = (index: number): void => {
    focusAfter.current = '.add-property';
    onProperties(properties.filter((_, at) => at !== index));
  };

  return (
    <section class="properties" aria-labelledby="properties-title" ref={section}>
      <h2 id="properties-title">{l10n.t('Properties')}</h2>
      {properties.map(({ name, value }, index) => (
        <div class="property" key={index} data-row={index}>
          <TextField
            label={l10n.t('Name of property {0}', index + 1)}
            labelHidden
            placeholder={l10n.t('Name')}
            value={name}
            invalid={problem !== undefined && name.trim() === ''}
            onValue={(next) => change(index, { name: next })}
          />
          <TextField
            label={l10n.t('Value of property {0}', index + 1)}
            labelHidden
            placeholder={l10n.t('Value')}
            value={value}
            onValue={(next) => change(index, { value: next })}
          />
          <IconButton icon="trash" label={l10n.t('Remove property {0}', index + 1)} onPress={() => remove(index)} />
        </div>
      ))}
      {problem !== undefined && <p class="error field-error">{problem}</p>}
      <Button icon="add" class="add-property" onPress={add}>
        {l10n.t('Add Property')}
      </Button>
    </section>
  );
}
