/** VS Code's own figures for one extension, in milliseconds. */
export interface ActivationFigures {
  /** Whether it was activated while VS Code started. */
  readonly startup: boolean;
  /** Reading and running the main module. */
  readonly loadCode: number;
  /** activate() until it returns. */
  readonly callActivate: number;
  /** The rest of the promise that activate() returned. */
  readonly finishActivate: number;
  readonly event: string;
}

/** Reads the table of "Developer: Startup Performance"; figures by extension id, in lower case. */
export function parseActivationStats(report: string): ReadonlyMap<string, ActivationFigures> {
  const section = report.split('## Extension Activation Stats')[1]?.split('\n## ')[0] ?? '';
  const rows = section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2);
  return new Map(
    rows.map((row) => {
      const [id = '', startup, loadCode, callActivate, finishActivate, event = ''] = row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim());
      const figures = {
        startup: startup === 'true',
        loadCode: Number(loadCode),
        callActivate: Number(callActivate),
        finishActivate: Number(finishActivate),
        event,
      };
      return [id.toLowerCase(), figures];
    }),
  );
}
