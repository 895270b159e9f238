import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { TailContract, TailMessage, TailState } from '../../src/contract/tail.ts';
import { Button, Icon } from '../shared/controls.tsx';
import { formatNumber } from '../shared/format.ts';
import { l10n } from '../shared/l10n.ts';
import type { PageRpc } from '../shared/rpc.ts';
import { errorMessage } from '../shared/rpc.ts';
import { useRedraw } from '../shared/useRedraw.ts';
import { VirtualList } from '../shared/virtualList.tsx';
import type { PageApi } from '../shared/vscodeApi.ts';
import { tailColumns } from './columns.tsx';
import { Empty } from './empty.tsx';
import { MessageDetail } from './messageDetail.tsx';
import { TailRows } from './tailRows.ts';
import { Toolbar } from './toolbar.tsx';

export interface TailPageState {
  readonly follow: boolean;
  readonly top: number | undefined;
  /** The message whose detail is open. */
  readonly open: number | undefined;
}

interface TailPageProps {
  readonly api: PageApi<TailPageState>;
  readonly rpc: PageRpc<TailContract>;
}

export function TailPage({ api, rpc }: TailPageProps): JSX.Element {
  const [initial, setInitial] = useState<TailState>();
  const [error, setError] = useState<string>();

  const load = async (): Promise<void> => {
    setError(undefined);
    try {
      setInitial(await rpc.call('ready', undefined));
    } catch (failure) {
      setError(errorMessage(failure));
    }
  };
  useEffect(() => {
    void load();
  }, []);

  return (
    <main class="tail">
      {error !== undefined && (
        <div class="notice" role="alert">
          <Icon name="error" />
          <span>{error}</span>
          <Button onPress={() => void load()}>{l10n.t('Retry')}</Button>
        </div>
      )}
      {initial !== undefined && <Tail api={api} rpc={rpc} initial={initial} />}
    </main>
  );
}

function Tail({ api, rpc, initial }: TailPageProps & { readonly initial: TailState }): JSX.Element {
  const kept = useRef<TailPageState>(api.read() ?? { follow: true, top: undefined, open: undefined });
  const redraw = useRedraw();
  const [error, setError] = useState<string>();
  const [detail, setDetail] = useState<TailMessage>();
  const [announcement, setAnnouncement] = useState('');
  /** The message that was opened last: answers may come in another order. */
  const wished = useRef<number>(undefined);
  const focusRow = useRef<(number: number) => void>(undefined);
  /** How many rows were there when following ended: what came since is counted on the button. */
  const seenEnd = useRef(initial.first + initial.held);

  /** Tells a failure where the user looks, and what was under way ends there. */
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    setError(undefined);
    try {
      await work();
    } catch (failure) {
      setError(errorMessage(failure));
    }
  };

  const store = useRef<TailRows>(undefined);
  store.current ??= new TailRows(initial, kept.current.follow, {
    fetch: (range) => rpc.call('rows', range),
    changed: () => redraw(),
    failed: (failure) => setError(errorMessage(failure)),
  });
  const rows = store.current;
  const { state } = rows;
  const end = state.first + state.held;
  if (rows.follow) seenEnd.current = end;

  const keep = (part: Partial<TailPageState>): void => {
    kept.current = { ...kept.current, ...part };
    api.keep(kept.current);
  };
  const setFollow = (follow: boolean): void => {
    rows.follow = follow;
    keep({ follow });
    redraw();
  };
  const open = (number: number): void => {
    wished.current = number;
    void attempt(async () => {
      const message = await rpc.call('message', { number });
      // Another row was opened meanwhile, or the list was cleared.
      if (wished.current !== number) return;
      setDetail(message);
      keep({ open: number });
    });
  };
  const close = (): void => {
    wished.current = undefined;
    if (detail === undefined) return;
    setDetail(undefined);
    keep({ open: undefined });
    focusRow.current?.(detail.number);
  };
  const ask = (method: 'join' | 'pause' | 'resume' | 'clear', done: string): void =>
    void attempt(async () => {
      rows.answered(await rpc.call(method, undefined));
      setAnnouncement(done);
    });

  // Before the next message of the host is taken: no state goes by unheard.
  useLayoutEffect(() => rpc.on('state', (told) => rows.told(told)), []);
  useEffect(() => {
    const openBefore = kept.current.open;
    // A message that fell out of the buffer while the page was hidden closes without a word.
    if (openBefore !== undefined && openBefore >= initial.first && openBefore < initial.first + initial.held)
      open(openBefore);
  }, []);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    if (detail === undefined) return close();
    event.preventDefault();
    close();
  };

  return (
    <div class="tail-page" onKeyDown={onKeyDown}>
      <h1 class="visually-hidden">{l10n.t('Messages of {0} on {1}', state.topic, state.connectionName)}</h1>
      <Toolbar
        state={state}
        follow={rows.follow}
        onPause={() => ask('pause', l10n.t('Paused'))}
        onResume={() => ask('resume', l10n.t('Resumed'))}
        onClear={() => {
          wished.current = undefined;
          setDetail(undefined);
          ask('clear', l10n.t('Cleared'));
        }}
        onFollow={setFollow}
      />
      <div class="visually-hidden" role="status">
        {announcement}
      </div>
      <div role="alert">
        {error !== undefined && <Notice text={error} kind="error" />}
        {state.problem !== undefined && <Notice text={state.problem} kind="warning" />}
      </div>
      <div class={detail === undefined ? 'content' : 'content with-detail'}>
        <div class="list">
          {state.held === 0 ? (
            <Empty
              state={state}
              onJoin={() => ask('join', l10n.t('Joined'))}
              onSend={() => void attempt(() => rpc.call('openSend', undefined))}
            />
          ) : (
            <VirtualList
              label={l10n.t('Messages of {0}', state.topic)}
              columns={tailColumns()}
              first={state.first}
              count={state.held}
              row={(number) => rows.row(number)}
              onRange={(range) => rows.inView(range)}
              follow={rows.follow}
              onFollow={setFollow}
              selected={detail?.number}
              onOpen={open}
              initialTop={kept.current.top}
              onTop={(top) => keep({ top })}
              focusRow={focusRow}
            />
          )}
          {!rows.follow && end > seenEnd.current && (
            <div class="jump">
              <Button appearance="primary" icon="arrow-down" onPress={() => setFollow(true)}>
                {l10n.t('Jump to Newest ({0})', formatNumber(end - seenEnd.current))}
              </Button>
            </div>
          )}
        </div>
        {detail !== undefined && (
          <MessageDetail
            key={detail.number}
            message={detail}
            onClose={close}
            onCopy={(text) => void attempt(() => rpc.call('copy', { text }))}
            onCopyBody={() => void attempt(() => rpc.call('copyBody', { number: detail.number }))}
            onOpenInEditor={() => void attempt(() => rpc.call('openInEditor', { number: detail.number }))}
          />
        )}
      </div>
    </div>
  );
}

function Notice({ text, kind }: { readonly text: string; readonly kind: 'error' | 'warning' }): JSX.Element {
  return (
    <div class={`notice ${kind}`}>
      <Icon name={kind} />
      <span>{text}</span>
    </div>
  );
}
