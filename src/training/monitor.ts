import { usageError } from '../errors.js';
import type { TrainingContext } from './callbacks.js';
import type { Settings } from './fingerprint.js';
import type { Logs } from './history.js';
import type { MetricName } from './metrics.js';

export const MODES = ['auto', 'min', 'max'] as const;
export type MonitorMode = (typeof MODES)[number];

/** A key of the logs: the loss, a metric as compile was given it, or what a callback adds; with val_ on the validation data. */
export type Monitored = 'loss' | 'val_loss' | MetricName | `val_${MetricName}` | (string & {});

/** Compares a logged number with the best so far. */
export class Monitor {
  best: number | undefined;
  private sign: 1 | -1 = -1;

  constructor(
    private readonly owner: string,
    readonly key: string,
    private readonly mode: MonitorMode,
    private readonly minDelta = 0,
  ) {}

  begin(context: TrainingContext, best?: number): void {
    this.best = best;
    const { key, mode, owner } = this;
    if (key.startsWith('val_') && context.params.validationSamples === 0)
      throw usageError(
        `${owner} monitors ${key}, but there is no validation data; give validationSplit or validationData, or monitor '${key.slice(4)}'`,
      );
    const direction = mode === 'auto' ? context.directionOf(key) : mode === 'max' ? 'up' : 'down';
    if (direction === undefined)
      throw usageError(`${owner}: whether more or less ${key} is better is not known; give mode 'min' or 'max'`);
    this.sign = direction === 'up' ? 1 : -1;
  }

  /** The monitored number, or undefined in an epoch without validation. */
  value(logs: Logs): number | undefined {
    const { key } = this;
    if (key in logs || key.startsWith('val_')) return logs[key];
    throw usageError(`${this.owner} monitors ${key}, which is not logged; logged are ${Object.keys(logs).join(', ')}`);
  }

  /** Whether the value is better than the reference by more than minDelta; with no reference, it is. */
  improves(value: number, reference: number | undefined = this.best): boolean {
    return reference === undefined || this.sign * (value - reference) > this.minDelta;
  }
}

export const MONITORED = { monitor: 'string', mode: MODES, minDelta: 'notNegative', verbose: 'verbosity' } as const;

/** A number out of a saved state. */
export function numberOrNone(value: Settings): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
