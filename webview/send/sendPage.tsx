import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { SendDraft, SendFormContract, SendFormState, SendType } from '../../src/contract/sendForm.ts';
import { Button, Icon, ProgressRing } from '../shared/controls.tsx';
import { l10n } from '../shared/l10n.ts';
import type { PageRpc } from '../shared/rpc.ts';
import { errorMessage } from '../shared/rpc.ts';
import type { PageApi } from '../shared/vscodeApi.ts';
import { readDelivery, typeToSend } from './delivery.ts';
import type { DraftProblems } from './draft.ts';
import { draftProblems } from './draft.ts';
import { DraftFields } from './draftFields.tsx';
import { DraftKeeper } from './draftKeeper.ts';
import type { SendResult } from './results.tsx';
import { MOST_RESULTS, Results } from './results.tsx';
import { useMessageTypes } from './useMessageTypes.ts';

/** Beyond all attempts of a send and what comes before them: a second send while one is under way stores twice. */
const SEND_TIMEOUT_MS = 300_000;

export interface SendPageState {
  readonly draft: SendDraft;
  readonly results: readonly SendResult[];
}

interface SendPageProps {
  readonly api: PageApi<SendPageState>;
  readonly rpc: PageRpc<SendFormContract>;
}

export function SendPage({ api, rpc }: SendPageProps): JSX.Element {
  const [form, setForm] = useState<SendFormState>();
  const [loadError, setLoadError] = useState<string>();

  const load = async (): Promise<void> => {
    setLoadError(undefined);
    try {
      setForm(await rpc.call('ready', { saved: api.read()?.draft }));
    } catch (error) {
      setLoadError(errorMessage(error));
    }
  };
  useEffect(() => {
    void load();
  }, []);

  return (
    <main class="send">
      {loadError !== undefined && (
        <div class="notice" role="alert">
          <Icon name="error" />
          <span>{loadError}</span>
          <Button onPress={() => void load()}>{l10n.t('Retry')}</Button>
        </div>
      )}
      {form !== undefined && <SendForm api={api} rpc={rpc} initial={form} />}
    </main>
  );
}

function SendForm({ api, rpc, initial }: SendPageProps & { readonly initial: SendFormState }): JSX.Element {
  const [draft, setDraft] = useState(initial.draft);
  const [connection, setConnection] = useState(initial.connection);
  const [topics, setTopics] = useState(initial.topics);
  const [results, setResults] = useState(api.read()?.results ?? []);
  const [problems, setProblems] = useState<DraftProblems>({});
  const [error, setError] = useState<string>();
  const [sending, setSending] = useState(false);
  // Guards at once, where the state would wait for the next rendering.
  const underWay = useRef(false);
  const latestDraft = useRef(draft);
  const form = useRef<HTMLDivElement>(null);
  const keeper = useRef<DraftKeeper>(undefined);
  keeper.current ??= new DraftKeeper((saved) => rpc.call('saveDraft', saved));

  const types = useMessageTypes(draft.topic.trim(), connection.knowsTypes, (topic) =>
    rpc.call('messageTypes', { topic }),
  );
  const typeOf = ({ delivery }: SendDraft): SendType =>
    types === undefined ? 'NORMAL' : typeToSend(delivery.type, types.offered);

  // Before anything else can happen: a reload right after a key loses nothing.
  useLayoutEffect(() => api.keep({ draft, results }), [draft, results]);

  const change = (part: Partial<SendDraft>): void => {
    const next = { ...latestDraft.current, ...part };
    latestDraft.current = next;
    setDraft(next);
    setProblems((now) => Object.fromEntries(Object.entries(now).filter(([field]) => !(field in part))));
    keeper.current?.changed(next);
  };
  // Before the next message of the host is taken.
  useLayoutEffect(() => {
    rpc.on('topics', setTopics);
    rpc.on('connection', setConnection);
    rpc.on('topic', (topic) => change({ topic }));
  }, []);

  /** What a click sets off beside sending: its failure is told in the same place. */
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (failure) {
      setError(errorMessage(failure));
    }
  };

  const send = async (): Promise<void> => {
    if (underWay.current) return;
    setError(undefined);
    const sent = latestDraft.current;
    const delivery = readDelivery(sent.delivery, typeOf(sent));
    const found = {
      ...draftProblems(sent, initial.maxBodyBytes),
      ...('control' in delivery && { delivery }),
    };
    setProblems(found);
    const control = firstFaulty(found);
    if (control !== undefined) form.current?.querySelector<HTMLElement>(control)?.focus();
    if (control !== undefined || 'control' in delivery) return;
    underWay.current = true;
    setSending(true);
    await attempt(async () => {
      const receipt = await rpc.call(
        'send',
        { draft: sent, delivery },
        { timeoutMs: SEND_TIMEOUT_MS, unanswered: mayBeStored },
      );
      const told = types === undefined ? undefined : delivery;
      const result = { topic: sent.topic.trim(), atMs: Date.now(), receipt, delivery: told };
      setResults((now) => [{ ...result, number: (now[0]?.number ?? 0) + 1 }, ...now].slice(0, MOST_RESULTS));
    });
    underWay.current = false;
    setSending(false);
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    void send();
  };

  return (
    <div ref={form} onKeyDown={onKeyDown} class="send-form">
      <h1>{l10n.t('Send a message to {0}', connection.name)}</h1>
      <DraftFields
        draft={draft}
        topics={topics}
        types={types}
        type={typeOf(draft)}
        maxBodyBytes={initial.maxBodyBytes}
        problems={problems}
        onChange={change}
        onTopicsWanted={() => void attempt(async () => setTopics(await rpc.call('refreshTopics', undefined)))}
        onFormat={() =>
          void attempt(async () => {
            const text = latestDraft.current.body;
            const body = await rpc.call('formatJson', { text });
            if (body !== undefined && latestDraft.current.body === text) change({ body });
          })
        }
      />
      <div class="actions">
        <Button
          appearance="primary"
          disabled={sending}
          onPress={() => void send()}
          title={l10n.t('Ctrl+Enter')}
          class="send-button"
        >
          {sending ? l10n.t('Sending…') : l10n.t('Send')}
        </Button>
        {sending && <ProgressRing />}
      </div>
      <div role="alert">
        {error !== undefined && (
          <div class="notice send-error">
            <Icon name="error" />
            <span>{error}</span>
          </div>
        )}
      </div>
      <Results
        results={results}
        onCopy={(text) => void attempt(() => rpc.call('copy', { text }))}
        onOpenTail={(topic) => void attempt(() => rpc.call('openTail', { topic }))}
        onClear={() => setResults((now) => now.slice(0, 1))}
      />
    </div>
  );
}

/** Selects the control that the first problem is about. */
function firstFaulty({ topic, delivery, properties, body }: DraftProblems): string | undefined {
  if (topic !== undefined) return '[data-field="topic"] input';
  if (delivery !== undefined) return `#${delivery.control}, .${delivery.control}`;
  const fault = properties?.faults[0];
  if (fault !== undefined) return `[data-row="${fault.row}"] .property-${fault.part}`;
  return body === undefined ? undefined : '[data-field="body"] vscode-text-area';
}

function mayBeStored(seconds: number): string {
  return l10n.t(
    'The extension did not answer within {0} seconds. The message may have been stored all the same: look at the topic before you send it again.',
    seconds,
  );
}
