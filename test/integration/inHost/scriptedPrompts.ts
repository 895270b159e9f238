import assert from 'node:assert/strict';

import type { InputPrompt, PathPrompt, PickPrompt, Prompts, Severity } from '../../../src/host/prompts.ts';

type Answer =
  | { readonly kind: 'type'; readonly text: string; readonly refused: readonly string[] }
  | { readonly kind: 'pick'; readonly label: string }
  | { readonly kind: 'press'; readonly button: string }
  | { readonly kind: 'agree' }
  | { readonly kind: 'escape' };

/** Answers prompts in the order of the script, and remembers what people would have read. */
export class ScriptedPrompts implements Prompts {
  readonly #script: Answer[] = [];
  /** Questions and messages in the order they were shown. */
  readonly shown: string[] = [];
  /** Label, description and detail of each entry of the last list. */
  lastItems: string[] = [];
  /** Buttons of the last message that had some. */
  lastActions: string[] = [];
  /** Why a text was not taken, by the text. */
  readonly refusals = new Map<string, string>();

  /** The next input box must refuse the texts in `refused`, then gets `text`. */
  thenType(text: string, ...refused: string[]): this {
    this.#script.push({ kind: 'type', text, refused });
    return this;
  }

  thenPick(label: string): this {
    this.#script.push({ kind: 'pick', label });
    return this;
  }

  thenPress(button: string): this {
    this.#script.push({ kind: 'press', button });
    return this;
  }

  thenAgree(): this {
    this.#script.push({ kind: 'agree' });
    return this;
  }

  thenEscape(): this {
    this.#script.push({ kind: 'escape' });
    return this;
  }

  /** Fails when something of the script was never asked. */
  assertDone(): void {
    assert.deepEqual(this.#script, []);
  }

  input(prompt: InputPrompt): Promise<string | undefined> {
    const answer = this.#next(`${prompt.title}: ${prompt.prompt}`);
    if (answer.kind === 'escape') return Promise.resolve(undefined);
    assert.ok(answer.kind === 'type', `"${prompt.prompt}" wants a text`);
    for (const text of answer.refused) {
      const why = prompt.validate?.(text);
      assert.ok(why !== undefined, `"${text}" was taken`);
      this.refusals.set(text, why);
    }
    assert.equal(prompt.validate?.(answer.text), undefined, `"${answer.text}" was refused`);
    return Promise.resolve(answer.text);
  }

  pick<T>(prompt: PickPrompt<T>): Promise<T | undefined> {
    this.lastItems = prompt.items.map(({ label, description, detail }) =>
      [label, description, detail].filter((part) => part !== undefined).join(' | '),
    );
    const answer = this.#next(`${prompt.title}: ${prompt.placeholder ?? ''}`);
    if (answer.kind === 'escape') return Promise.resolve(undefined);
    assert.ok(answer.kind === 'pick', `"${prompt.title}" wants a choice`);
    const chosen = prompt.items.find(({ label }) => label === answer.label);
    assert.ok(chosen !== undefined, `no "${answer.label}" among ${this.lastItems.join('; ')}`);
    return Promise.resolve(chosen.value);
  }

  /** Typed, as an input box is. */
  path({ title }: PathPrompt): Promise<string | undefined> {
    const answer = this.#next(title);
    if (answer.kind === 'escape') return Promise.resolve(undefined);
    assert.ok(answer.kind === 'type', `"${title}" wants a path`);
    return Promise.resolve(answer.text);
  }

  /** A message that offers nothing needs no answer. */
  tell(severity: Severity, message: string, ...actions: string[]): Promise<string | undefined> {
    const text = `${severity}: ${message}`;
    if (actions.length === 0) {
      this.shown.push(text);
      return Promise.resolve(undefined);
    }
    this.lastActions = actions;
    const answer = this.#next(text);
    if (answer.kind === 'escape') return Promise.resolve(undefined);
    assert.ok(answer.kind === 'press' && actions.includes(answer.button), `${message} offers ${actions.join(', ')}`);
    return Promise.resolve(answer.button);
  }

  confirm(message: string, detail: string): Promise<boolean> {
    const answer = this.#next(`${message} ${detail}`);
    return Promise.resolve(answer.kind === 'agree');
  }

  #next(shown: string): Answer {
    this.shown.push(shown);
    const answer = this.#script.shift();
    assert.ok(answer !== undefined, `nobody answers "${shown}"`);
    return answer;
  }
}
