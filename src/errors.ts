/** What went wrong, in kind: it decides the command line's exit code (usage: 2, all others: 1). */
export type ErrorCode = 'usage' | 'data' | 'model' | 'numeric' | 'io' | 'interrupted';

/**
 * An error that the user can act on. The message is one line: what is wrong, where (file, line, column), what to do.
 * Anything else that memcell throws is a bug in memcell.
 */
export class MemcellError extends Error {
  readonly code: ErrorCode;

  constructor(message: string, options: { code?: ErrorCode; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'MemcellError';
    this.code = options.code ?? 'data';
  }
}
