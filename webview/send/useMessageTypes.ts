import { useEffect, useRef, useState } from 'preact/hooks';
import type { SendType } from '../../src/contract/sendForm.ts';
import { formatList } from '../shared/format.ts';
import { l10n } from '../shared/l10n.ts';
import { errorMessage } from '../shared/rpc.ts';
import { ALL_TYPES, typeText } from './delivery.ts';

const QUIET_MS = 400;

export interface MessageTypes {
  /** Types to choose from: all while it is unknown what the topic takes. */
  readonly offered: readonly SendType[];
  /** What is known of them, in words. */
  readonly hint: string;
}

interface Told {
  readonly topic: string;
  readonly types: readonly SendType[];
  readonly problem: string | undefined;
}

/** Asks what a topic takes when its name is typed; undefined where messages have no types. */
export function useMessageTypes(
  topic: string,
  knowsTypes: boolean,
  ask: (topic: string) => Promise<readonly SendType[]>,
): MessageTypes | undefined {
  const [told, setTold] = useState<Told>();
  const isFirst = useRef(true);
  useEffect(() => {
    if (!knowsTypes || topic === '') return undefined;
    let isCurrent = true;
    const answered = (types: readonly SendType[], problem?: string): void => {
      if (isCurrent) setTold({ topic, types, problem });
    };
    const timer = window.setTimeout(
      () => {
        ask(topic).then(answered, (error: unknown) => answered([], errorMessage(error)));
      },
      isFirst.current ? 0 : QUIET_MS,
    );
    isFirst.current = false;
    return () => {
      isCurrent = false;
      window.clearTimeout(timer);
    };
  }, [topic, knowsTypes]);
  if (!knowsTypes) return undefined;
  const known = told?.topic === topic ? told : undefined;
  const types = known?.types ?? [];
  return { offered: types.length === 0 ? ALL_TYPES : types, hint: hintOf(topic, known) };
}

function hintOf(topic: string, known: Told | undefined): string {
  if (topic === '') return l10n.t('Which types a topic takes shows here once there is one.');
  if (known === undefined) return l10n.t('Asking which types {0} takes…', topic);
  if (known.problem !== undefined) return known.problem;
  if (known.types.length === 0) {
    return l10n.t('Which types {0} takes is unknown: the endpoint refuses what does not fit.', topic);
  }
  return l10n.t('{0} takes: {1}.', topic, formatList(known.types.map(typeText)));
}
