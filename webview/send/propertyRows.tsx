import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { SendProperty } from '../../src/contract/sendForm.ts';
import { Button, IconButton, TextField } from '../shared/controls.tsx';
import { l10n } from '../shared/l10n.ts';
import type { PropertyFault, PropertyProblem } from './draft.ts';
import { FieldError } from './fieldError.tsx';

interface PropertyRowsProps {
  readonly properties: readonly SendProperty[];
  readonly onProperties: (properties: readonly SendProperty[]) => void;
  readonly problem: PropertyProblem | undefined;
}

export function PropertyRows({ properties, onProperties, problem }: PropertyRowsProps): JSX.Element {
  const section = useRef<HTMLElement>(null);
  const focusAfter = useRef<string | undefined>(undefined);
  useLayoutEffect(() => {
    if (focusAfter.current === undefined) return;
    section.current?.querySelector<HTMLElement>(focusAfter.current)?.focus();
    focusAfter.current = undefined;
  });

  const isFaulty = (row: number, part: PropertyFault['part']): boolean =>
    problem?.faults.some((fault) => fault.row === row && fault.part === part) === true;
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
            class="property-name"
            invalid={isFaulty(index, 'name')}
            onValue={(next) => change(index, { name: next })}
          />
          <TextField
            label={l10n.t('Value of property {0}', index + 1)}
            labelHidden
            placeholder={l10n.t('Value')}
            value={value}
            class="property-value"
            invalid={isFaulty(index, 'value')}
            onValue={(next) => change(index, { value: next })}
          />
          <IconButton icon="trash" label={l10n.t('Remove property {0}', index + 1)} onPress={() => remove(index)} />
        </div>
      ))}
      <FieldError id="properties-error" text={problem?.text} />
      <Button icon="add" class="add-property" onPress={add}>
        {l10n.t('Add Property')}
      </Button>
    </section>
  );
}
