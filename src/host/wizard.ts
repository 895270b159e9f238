import type { PromptStep } from './prompts.ts';

/** How a question hands on: `onBack` is given where there is a question before it. */
export interface Turn {
  readonly step: PromptStep;
  readonly onBack?: () => void;
}

/** Asks one question and keeps its answer; false when it was dismissed. */
export type Question = (turn: Turn) => Promise<boolean>;

/** Asks one question after the other, with a way back to the one before. False when one was dismissed. */
export async function askInTurn(questions: readonly Question[]): Promise<boolean> {
  let index = 0;
  for (;;) {
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
