import type { Command } from 'commander';
import type { Streams } from './streams.js';
import { type Paper, paperOf } from './terminal/paper.js';

/** What a command prints on, and how it ends. */
export class Session {
  exitCode = 0;

  constructor(
    readonly streams: Streams,
    /** Whether standard output takes one JSON document and nothing else. */
    readonly json: boolean,
    /** What was typed, for the record. */
    readonly commandLine = '',
  ) {}

  /** What pictures of characters are drawn on. */
  get paper(): Paper {
    return paperOf(this.streams.stdout);
  }

  /** The result for people; with --json nothing. */
  print(text: string): void {
    if (!this.json) this.streams.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  }

  /** A piece of the result for people, as it is. */
  stream(text: string): void {
    if (!this.json) this.streams.stdout.write(text);
  }

  /** A large piece of the result for people; resolves when there is room for the next. */
  async flow(text: string): Promise<void> {
    if (this.json) return;
    const { stdout } = this.streams;
    if (stdout.write(text) === false) await new Promise<void>((room) => stdout.once?.('drain', room) ?? room());
  }

  /** The result for programs, once, with --json; otherwise nothing. */
  result(value: object): void {
    if (this.json) this.streams.stdout.write(`${JSON.stringify(value)}\n`);
  }

  /** What is not the result: progress and warnings. */
  note(text: string): void {
    this.streams.stderr.write(`${text}\n`);
  }

  /** Warnings, a line each; those that people have just read in what was printed are not said twice. */
  warn(warnings: readonly string[], printed: readonly string[] = []): void {
    for (const warning of warnings) if (this.json || !printed.includes(warning)) this.note(`warning: ${warning}`);
  }
}

/** Adds the options that every command has. */
export function withCommonOptions(command: Command): Command {
  return command
    .optionsGroup('Output:')
    .option('--json', 'print one JSON document on standard output and nothing else')
    .option('--debug', 'print the stack trace of an error')
    .helpOption('-h, --help', 'show this help');
}

/** What a command's file exports: it adds the command, whose action runs in the given session. */
export type AddCommand = (program: Command, session: Session) => void;
