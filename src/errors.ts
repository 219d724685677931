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

/** Something that was asked for cannot be: an option, an argument, a call at the wrong time. */
export function usageError(message: string): MemcellError {
  return new MemcellError(message, { code: 'usage' });
}

/** A model cannot be as it is described. */
export function modelError(message: string): MemcellError {
  return new MemcellError(message, { code: 'model' });
}

/**
 * What this machine or its settings refuse (open files, memory), as an error that says what to raise; undefined for any other
 * kind of error.
 */
export function shortage(error: unknown): MemcellError | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error ? error.code : undefined;
  if (code === 'EMFILE' || code === 'ENFILE') {
    const message = `too many open files (${code}): close some, or raise the limit (ulimit -n)`;
    return new MemcellError(message, { code: 'io', cause: error });
  }
  const noMemory = /allocat|out of memory|invalid (typed )?array( buffer)? length|invalid string length/i;
  if (code === 'ENOMEM' || (error instanceof RangeError && noMemory.test(error.message))) {
    const reason = error.message.replace(/\s+/g, ' ');
    const message = `not enough memory (${reason}): take less at a time, or raise the limit (ulimit -v)`;
    return new MemcellError(message, { code: 'io', cause: error });
  }
  return undefined;
}
