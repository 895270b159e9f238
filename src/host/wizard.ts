import type { InputPrompt, PickPrompt, Prompts, PromptStep } from './prompts.ts';

/** How a question hands on: `onBack` is given where there is a question before it. */
export interface Turn {
  readonly step: PromptStep;
  readonly onBack?: () => void;
}

/** Asks one question and keeps its answer; false when it was dismissed. */
export type Question = (turn: Turn) => Promise<boolean>;

/**
 * Asks one question after the other, with a way back to the one before. False when one was dismissed. Which questions
 * come after one may depend on its answer: then they are named anew each time.
 */
export async function askInTurn(named: readonly Question[] | (() => readonly Question[])): Promise<boolean> {
  let index = 0;
  for (;;) {
    const questions = typeof named === 'function' ? named() : named;
    const question = questions[index];
    if (question === undefined) return true;
    const back = { used: false };
    const step = { number: index + 1, total: questions.length };
    const onBack = () => (back.used = true);
    const answered = await question(index === 0 ? { step } : { step, onBack });
    if (back.used) index -= 1;
    else if (answered) index += 1;
    else return false;
  }
}

/** Asks for a text, which is kept without spaces around it. `prompt` is called when its turn comes. */
export function textQuestion(prompts: Prompts, prompt: () => InputPrompt, keep: (text: string) => void): Question {
  return async (turn) => kept(await prompts.input({ ...prompt(), ...turn }), (text) => keep(text.trim()));
}

/** Asks for one of a list. `prompt` is called when its turn comes. */
export function pickQuestion<T>(prompts: Prompts, prompt: () => PickPrompt<T>, keep: (choice: T) => void): Question {
  return async (turn) => kept(await prompts.pick({ ...prompt(), ...turn }), keep);
}

function kept<T>(answer: T | undefined, keep: (answer: T) => void): boolean {
  if (answer === undefined) return false;
  keep(answer);
  return true;
}
