/** fit's own output: the lines that Keras prints. */
import type { Logs } from './history.js';

export type Verbosity = 0 | 1 | 2;

export interface ProgressOptions {
  verbose: Verbosity;
  /** Takes the text, line ends included. Default: standard output, or the console in a browser. */
  write?: (text: string) => void;
}

const BAR_WIDTH = 20;
const REDRAW_MS = 100;

/** One line for an epoch, or on a terminal with verbose 1 a bar that becomes that line. */
export class Progress {
  private readonly write: (text: string) => void;
  private readonly live: boolean;
  private startedAt = 0;
  private drawnAt = 0;
  private drawnWidth = 0;

  constructor(
    private readonly verbose: Verbosity,
    write: ProgressOptions['write'],
  ) {
    this.write = write ?? standardOutput;
    this.live =
      verbose === 1 && write === undefined && typeof process !== 'undefined' && process.stdout?.isTTY === true;
  }

  /** Whether batch() would draw, so that its logs need not be made in vain. */
  get wantsBatches(): boolean {
    return this.live && performance.now() - this.drawnAt >= REDRAW_MS;
  }

  begin(): void {
    this.startedAt = performance.now();
    this.drawnAt = this.startedAt;
    this.drawnWidth = 0;
  }

  batch(title: string, done: number, steps: number, logs: Logs): void {
    if (!this.wantsBatches) return;
    this.drawnAt = performance.now();
    const filled = Math.floor((BAR_WIDTH * done) / steps);
    const left = ((this.drawnAt - this.startedAt) / done) * (steps - done);
    const bar = `${'━'.repeat(filled)}${' '.repeat(BAR_WIDTH - filled)}`;
    this.draw(`${title}${done}/${steps} ${bar} ${duration(left)}${numbers(logs)}`);
  }

  end(title: string, steps: number, logs: Logs): void {
    if (this.verbose === 0) return;
    const spent = performance.now() - this.startedAt;
    this.draw(`${title}${steps}/${steps} - ${duration(spent)} - ${perStep(spent / steps)}${numbers(logs)}`);
    this.write('\n');
    this.drawnWidth = 0;
  }

  /** A line of its own, above the bar. */
  line(text: string): void {
    if (this.drawnWidth > 0) this.write(`\r${' '.repeat(this.drawnWidth)}\r`);
    this.drawnWidth = 0;
    this.write(`${text}\n`);
  }

  private draw(text: string): void {
    this.write(this.drawnWidth > 0 ? `\r${text.padEnd(this.drawnWidth)}` : text);
    this.drawnWidth = text.length;
  }
}

function standardOutput(text: string): void {
  if (typeof process !== 'undefined' && process.stdout) process.stdout.write(text);
  else if (text.trim() !== '') console.log(text.trimEnd());
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, '0'));
  return seconds < 3600 ? parts.join(':') : `${Math.floor(seconds / 3600)}:${parts.join(':')}`;
}

function perStep(ms: number): string {
  if (ms >= 1000) return `${Math.round(ms / 1000)}s/step`;
  return ms >= 1 ? `${Math.round(ms)}ms/step` : `${Math.round(ms * 1000)}us/step`;
}

function numbers(logs: Logs): string {
  return Object.entries(logs)
    .map(([key, value]) => ` - ${key}: ${Math.abs(value) > 1e-3 ? value.toFixed(4) : value.toExponential(4)}`)
    .join('');
}
