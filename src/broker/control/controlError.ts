/** What the caller of the control interface did wrong, or why it cannot be done now. */
export class ControlError extends Error {
  readonly status: number;
  /** What would be right, where that is a list. */
  readonly allowed: readonly string[] | undefined;

  constructor(status: number, message: string, allowed?: readonly string[]) {
    super(allowed === undefined ? message : `${message}; allowed: ${allowed.join(', ')}`);
    this.name = 'ControlError';
    this.status = status;
    this.allowed = allowed;
  }
}

export function badRequest(message: string, allowed?: readonly string[]): ControlError {
  return new ControlError(400, message, allowed);
}
