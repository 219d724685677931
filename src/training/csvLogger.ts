import { usageError } from '../errors.js';
import type { EitherSpelling } from '../spelling.js';
import type { Callback, CallbackState, TrainingContext } from './callbacks.js';
import type { Logs } from './history.js';
import { LogFile } from './logFile.js';
import { numberOrNone } from './monitor.js';
import { complete } from './options.js';

export interface CSVLoggerOptions {
  /** Default ','. */
  separator?: string;
  /** Goes on with a file that is there, instead of a new one. Default false. */
  append?: boolean;
}

/**
 * Writes a row of an epoch's numbers to a CSV file, as Keras does: the epoch from 0, then the logs by their names; NA for one that is
 * missing. A resumed fit goes on where its backup was.
 */
export class CSVLogger implements Callback {
  private readonly options: Required<CSVLoggerOptions>;
  private file: LogFile | undefined;
  private names: string[] | undefined;
  /** Bytes that a backup knew of. */
  private resumedAt: number | undefined;

  constructor(
    private readonly filename: string,
    options: EitherSpelling<CSVLoggerOptions> = {},
  ) {
    if (typeof filename !== 'string' || filename === '') throw usageError('CSVLogger takes the name of a file');
    const defaults = { separator: ',', append: false };
    this.options = complete('CSVLogger', defaults, options, { separator: 'string', append: 'boolean' });
  }

  onTrainBegin(): void {
    this.file = undefined;
    this.names = undefined;
    this.resumedAt = undefined;
  }

  async onEpochEnd(epoch: number, logs: Logs, context: TrainingContext): Promise<void> {
    const file = this.file ?? (await this.open(context));
    this.file = file;
    const first = this.names === undefined;
    this.names ??= Object.keys(logs).sort();
    if (first && file.size === 0) await file.append(this.line(['epoch', ...this.names]));
    const cells = this.names.map((name) => (name in logs ? String(logs[name]) : 'NA'));
    await file.append(this.line([String(epoch), ...cells]));
  }

  saveState(): CallbackState {
    const { filename, names, file, resumedAt } = this;
    return { options: { filename, ...this.options }, values: { names, bytes: file?.size ?? resumedAt } };
  }

  loadState({ values: { names, bytes } }: CallbackState): void {
    this.names = Array.isArray(names) ? names.map(String) : undefined;
    this.resumedAt = numberOrNone(bytes);
  }

  private async open({ print }: TrainingContext): Promise<LogFile> {
    const file = new LogFile(this.filename);
    const whole = await file.begin(this.resumedAt ?? (this.options.append ? 'all' : 0));
    if (!whole) print(`${this.filename}: rows are missing that were there when the backup was written`);
    return file;
  }

  private line(cells: readonly string[]): string {
    const { separator } = this.options;
    const quoted = cells.map((cell) =>
      cell.includes(separator) || /["\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell,
    );
    return `${quoted.join(separator)}\n`;
  }
}
