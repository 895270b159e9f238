import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useRedraw } from './useRedraw.ts';
import type { RowRange } from './virtualRange.ts';
import { indexAfterKey, rowsToShow, topShowing } from './virtualRange.ts';

/** Every row and the head; the style sheet says the same. */
const ROW_HEIGHT_PX = 24;

/** Zoomed pages have places between two pixels. */
const SAME_PLACE_PX = 2;

export interface ListColumn<Row> {
  readonly name: string;
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Shown when the pointer rests on the cell. */
  readonly hint?: (row: Row) => string;
}

interface VirtualListProps<Row> {
  readonly label: string;
  readonly columns: readonly ListColumn<Row>[];
  /** `count` rows stand under the numbers from `first` on. Numbers never change; when `first` moves, the rows in view stay in view. */
  readonly first: number;
  readonly count: number;
  /** Undefined while the row is on its way. */
  readonly row: (number: number) => Row | undefined;
  readonly onRange: (range: RowRange) => void;
  /** Stays at the end while rows arrive. Scrolling up ends it, scrolling to the end begins it. */
  readonly follow: boolean;
  readonly onFollow: (follow: boolean) => void;
  readonly selected: number | undefined;
  readonly onOpen: (number: number) => void;
  /** The row that stood at the top when the page was left. */
  readonly initialTop: number | undefined;
  readonly onTop: (number: number) => void;
  /** Gives a function that puts the focus on a row, or on the nearest that is held. */
  readonly focusRow: { current: ((number: number) => void) | undefined };
}

/** A grid of any length with few rows in the DOM. One row is the tab stop; keys move it and the focus with it. */
export function VirtualList<Row>(props: VirtualListProps<Row>): JSX.Element {
  const { first, count, follow, columns } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [heightPx, setHeightPx] = useState(0);
  const [active, setActive] = useState<number>();
  const redraw = useRedraw();
  // Pixels since row number 0, so that the view holds still when `first` moves.
  const topPx = useRef((props.initialTop ?? 0) * ROW_HEIGHT_PX);
  const seen = useRef({ first, scrollTop: 0 });
  const focusNext = useRef<number>(undefined);

  const endPx = Math.max(0, count * ROW_HEIGHT_PX - heightPx);
  const scrollPx = follow ? endPx : Math.min(endPx, Math.max(0, topPx.current - first * ROW_HEIGHT_PX));
  const range = rowsToShow({ first, count }, ROW_HEIGHT_PX, { topPx: scrollPx, heightPx });
  const isHeld = active !== undefined && active >= first && active < first + count;
  const lastInView = first + Math.min(count, Math.max(1, Math.floor((scrollPx + heightPx) / ROW_HEIGHT_PX))) - 1;
  const stop = isHeld ? active : lastInView;
  const hadFocus = scroller.current?.contains(document.activeElement) === true;

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const measure = (): void => setHeightPx(Math.max(0, element.clientHeight - ROW_HEIGHT_PX));
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    if (scroller.current !== null && !follow && heightPx > 0) scroller.current.scrollTop = scrollPx;
  }, [heightPx > 0]);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null || heightPx === 0) return;
    // Scrolled up since the last frame: the event that ends following is on its way.
    if (follow && element.scrollTop < Math.min(seen.current.scrollTop, endPx) - SAME_PLACE_PX) return;
    // While the user scrolls, the element knows better than the last rendering: move it only by what the rows moved.
    if (follow) element.scrollTop = endPx;
    else if (first !== seen.current.first) element.scrollTop -= (first - seen.current.first) * ROW_HEIGHT_PX;
    seen.current = { first, scrollTop: element.scrollTop };
    if (follow) topPx.current = first * ROW_HEIGHT_PX + element.scrollTop;
  }, [first, count, follow, heightPx]);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const lostFocus = hadFocus && !element.contains(document.activeElement);
    const target = focusNext.current ?? (lostFocus ? stop : undefined);
    if (target === undefined) return;
    element.querySelector<HTMLElement>(`[data-number="${target}"]`)?.focus({ preventScroll: true });
    focusNext.current = undefined;
  });

  useEffect(() => {
    if (heightPx > 0) props.onRange(range);
  }, [range.first, range.limit, heightPx > 0]);

  const onScroll = (): void => {
    const element = scroller.current;
    if (element === null) return;
    const { scrollTop } = element;
    const atEnd = scrollTop >= element.scrollHeight - element.clientHeight - SAME_PLACE_PX;
    topPx.current = first * ROW_HEIGHT_PX + scrollTop;
    if (follow && !atEnd && scrollTop < seen.current.scrollTop - SAME_PLACE_PX) props.onFollow(false);
    else if (!follow && atEnd && scrollTop > seen.current.scrollTop) props.onFollow(true);
    seen.current.scrollTop = scrollTop;
    props.onTop(first + Math.round(scrollTop / ROW_HEIGHT_PX));
    redraw();
  };

  const goTo = (number: number): void => {
    const element = scroller.current;
    if (element === null || count === 0) return;
    const target = Math.min(first + count - 1, Math.max(first, number));
    topPx.current = first * ROW_HEIGHT_PX + element.scrollTop;
    const wantedPx = topShowing(target - first, ROW_HEIGHT_PX, { topPx: element.scrollTop, heightPx });
    if (wantedPx !== element.scrollTop) element.scrollTop = wantedPx;
    focusNext.current = target;
    setActive(target);
    redraw();
  };
  props.focusRow.current = goTo;

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || count === 0) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      props.onOpen(stop);
      return;
    }
    const next = indexAfterKey(event.key, stop - first, count, Math.max(1, Math.floor(heightPx / ROW_HEIGHT_PX) - 1));
    if (next === undefined) return;
    event.preventDefault();
    const isLast = next === count - 1;
    if (follow !== isLast && (follow || event.key === 'End')) props.onFollow(isLast);
    goTo(first + next);
  };

  // The tab stop stays in the DOM wherever the view is, so that the focus is never lost.
  const numbers = Array.from({ length: range.limit }, (_, index) => range.first + index);
  if (count > 0 && (stop < range.first || stop >= range.first + range.limit)) numbers.push(stop);

  return (
    <div
      ref={scroller}
      class="grid"
      role="grid"
      aria-label={props.label}
      aria-rowcount={count + 1}
      aria-colcount={columns.length}
      onScroll={onScroll}
      onKeyDown={onKeyDown}
    >
      <div role="rowgroup" class="grid-head">
        <div role="row" aria-rowindex={1} class="grid-row">
          {columns.map(({ name, title }) => (
            <div role="columnheader" key={name} class={`cell cell-${name}`}>
              {title}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" class="grid-body" style={{ height: `${count * ROW_HEIGHT_PX}px` }}>
        {numbers.map((number) => (
          <GridRow
            key={number}
            number={number}
            index={number - first}
            row={props.row(number)}
            columns={columns}
            isStop={number === stop}
            selected={number === props.selected}
            onFocus={() => setActive(number)}
            onPress={() => {
              setActive(number);
              props.onOpen(number);
            }}
          />
        ))}
      </div>
    </div>
  );
}

interface GridRowProps<Row> {
  readonly number: number;
  readonly index: number;
  readonly row: Row | undefined;
  readonly columns: readonly ListColumn<Row>[];
  readonly isStop: boolean;
  readonly selected: boolean;
  readonly onFocus: () => void;
  readonly onPress: () => void;
}

function GridRow<Row>({
  number,
  index,
  row,
  columns,
  isStop,
  selected,
  onFocus,
  onPress,
}: GridRowProps<Row>): JSX.Element {
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={selected}
      aria-busy={row === undefined ? true : undefined}
      tabIndex={isStop ? 0 : -1}
      data-number={number}
      class={selected ? 'grid-row selected' : 'grid-row'}
      style={{ top: `${index * ROW_HEIGHT_PX}px` }}
      onFocus={onFocus}
      onClick={onPress}
    >
      {columns.map(({ name, cell, hint }) => (
        <div role="gridcell" key={name} class={`cell cell-${name}`} title={row === undefined ? undefined : hint?.(row)}>
          {row === undefined ? '' : cell(row)}
        </div>
      ))}
    </div>
  );
}
