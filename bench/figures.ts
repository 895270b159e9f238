/** One line of the result: what was measured, ours, and where it is the same work Apache's in the same run. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly ours: readonly number[];
  readonly apache?: readonly number[];
  /** What the product promises. */
  readonly target?: Target;
}

/** Of the median of ours, or of that divided by Apache's. */
export type Target = { readonly atMost: number } | { readonly atLeast: number } | { readonly ratioAtLeast: number };

export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** Nearest rank; NaN of nothing. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? NaN;
}

export function meetsTarget({ ours, apache, target }: Figure): boolean | undefined {
  if (target === undefined) return undefined;
  const value = median(ours);
  if ('ratioAtLeast' in target) return value >= target.ratioAtLeast * median(apache ?? []);
  return 'atMost' in target ? value <= target.atMost : value >= target.atLeast;
}

function targetText(figure: Figure): string {
  const { target } = figure;
  if (target === undefined) return '';
  const met = meetsTarget(figure) === true ? 'met' : 'MISSED';
  if ('ratioAtLeast' in target) return `≥ ${target.ratioAtLeast.toFixed(2)} × ${met}`;
  return 'atMost' in target ? `≤ ${target.atMost} ${met}` : `≥ ${target.atLeast} ${met}`;
}

export function printFigures(figures: readonly Figure[]): void {
  const rows = figures.map((figure) => {
    const ours = median(figure.ours);
    const apache = figure.apache === undefined ? undefined : median(figure.apache);
    return [
      figure.name,
      `${round(ours)} ${figure.unit}`,
      `${round(Math.min(...figure.ours))}…${round(Math.max(...figure.ours))}`,
      apache === undefined ? '' : round(apache),
      apache === undefined ? '' : `${(ours / apache).toFixed(2)} ×`,
      targetText(figure),
    ];
  });
  const table = [['', 'median', 'range', 'Apache', 'ours / Apache', 'target'], ...rows];
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  for (const row of table)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
