export interface RowRange {
  /** Number of the first row. */
  readonly first: number;
  readonly limit: number;
}

/** Rows that are in the DOM above and below the visible ones, so that a small scroll shows no gap. */
const OVERSCAN = 6;

/** Which of the `count` rows from number `first` on stand in a viewport, with a few around them. */
export function rowsToShow(
  rows: { readonly first: number; readonly count: number },
  rowHeightPx: number,
  viewport: { readonly topPx: number; readonly heightPx: number },
): RowRange {
  const from = Math.max(0, Math.floor(viewport.topPx / rowHeightPx) - OVERSCAN);
  const to = Math.min(rows.count, Math.ceil((viewport.topPx + viewport.heightPx) / rowHeightPx) + OVERSCAN);
  return { first: rows.first + from, limit: Math.max(0, to - from) };
}

/** Where to scroll so that a row is whole in the viewport: nowhere when it is already. */
export function topShowing(
  index: number,
  rowHeightPx: number,
  viewport: { readonly topPx: number; readonly heightPx: number },
): number {
  const rowTopPx = index * rowHeightPx;
  if (rowTopPx < viewport.topPx) return rowTopPx;
  return Math.max(viewport.topPx, rowTopPx + rowHeightPx - viewport.heightPx);
}

/** The row a key leads to from `index`, or undefined when the key is none of the list's. */
export function indexAfterKey(key: string, index: number, count: number, pageRows: number): number | undefined {
  const last = count - 1;
  switch (key) {
    case 'ArrowDown':
      return Math.min(last, index + 1);
    case 'ArrowUp':
      return Math.max(0, index - 1);
    case 'PageDown':
      return Math.min(last, index + pageRows);
    case 'PageUp':
      return Math.max(0, index - pageRows);
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return undefined;
  }
}
