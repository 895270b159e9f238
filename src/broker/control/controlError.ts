/** What the caller of the control interface did wrong, or why it cannot be done now. */
export class ControlError extends Error {
  readonly status: number;
  /** What would be right, where that is a list. */
  readonly allowed: readonly string[] | undefined;

  constructor(status: number, message: string, allowed?: readonly string[]) {
    super(allowed === undefined || allowed.length === 0 ? message : `${message}; allowed: ${allowed.join(', ')}`);
    this.name = 'ControlError';
    this.status = status;
    this.allowed = allowed;
  }
}

/** The same error, of one of several: whoever wrote a list learns which. */
export function ofItem(error: unknown, item: string): unknown {
  if (!(error instanceof ControlError)) return error;
  const named = new ControlError(error.status, error.message, error.allowed);
  named.message = `${item}: ${error.message}`;
  return named;
}

export function badRequest(message: string, allowed?: readonly string[]): ControlError {
  return new ControlError(400, message, allowed);
}
