/** A backup of a fit as it is kept, plain JSON and arrays, and back: each field is checked before it is used. */

import { modelError } from '../errors.js';
import { isRecord } from '../fields.js';
import { counted } from '../format.js';
import type { Backup, Position, StoredBackup, Whole } from './backup.js';
import type { CallbackState } from './callbacks.js';
import type { Settings } from './fingerprint.js';
import type { Logs } from './history.js';
import type { MeterState } from './meter.js';

/** How many arrays there are of each. */
interface WholeLayout {
  iterations: number;
  weights: number;
  slots: number;
  states: number;
}

interface Values extends Position {
  version: number;
  settings: Settings;
  now: WholeLayout;
  good?: WholeLayout;
  callbacks: ({ values: CallbackState['values']; arrays: number } | null)[];
}

const VERSION = 1;

export function storedBackup({ now, good, callbacks, note: _, ...position }: Backup, settings: Settings): StoredBackup {
  const arrays: Float32Array[] = [];
  const put = ({ weights, optimizer, states }: Whole): WholeLayout => {
    arrays.push(...weights, ...optimizer.state, ...states);
    const { iterations, state } = optimizer;
    return { iterations, weights: weights.length, slots: state.length, states: states.length };
  };
  const values: Values = {
    version: VERSION,
    settings,
    ...position,
    now: put(now),
    ...(good && { good: put(good) }),
    callbacks: callbacks.map((state) => {
      if (!state) return null;
      arrays.push(...(state.arrays ?? []));
      return { values: state.values, arrays: state.arrays?.length ?? 0 };
    }),
  };
  return { values, arrays };
}

/**
 * @param is the state of the model that is to go on, whose weights have the sizes of the backup's
 * @throws MemcellError 'model' for a backup of another version, or of other weights, or a damaged one
 */
export function readBackup(
  { values, arrays }: StoredBackup,
  is: Whole,
  where: string,
): { backup: Backup; settings: Settings } {
  const damaged = (what: string) => modelError(`${where}: the backup is damaged: ${what}; remove it to start anew`);
  if (!isValues(values)) {
    throw modelError(`${where}: the backup is of another version of memcell, or damaged; remove it to start anew`);
  }
  let at = 0;
  const take = (count: number) => {
    at += count;
    if (at > arrays.length) throw damaged(`${counted(arrays.length, 'array')} where ${at} are needed`);
    return arrays.slice(at - count, at);
  };
  const whole = ({ iterations, weights, slots, states }: WholeLayout): Whole => {
    const made = { weights: take(weights), optimizer: { iterations, state: take(slots) }, states: take(states) };
    for (const part of ['weights', 'states'] as const) {
      const fits =
        made[part].length === is[part].length && made[part].every(({ length }, i) => length === is[part][i].length);
      if (!fits) throw damaged(`its ${part} are not those of this model`);
    }
    return made;
  };
  const { version: _, settings, now, good, callbacks, ...position } = values;
  const backup = {
    ...position,
    now: whole(now),
    good: good && whole(good),
    callbacks: callbacks.map((state) => (state ? { values: state.values, arrays: take(state.arrays) } : undefined)),
  };
  return { backup, settings };
}

const isCount = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0;
const isNumber = (value: unknown) => typeof value === 'number';
const isNumbers = (value: unknown) => Array.isArray(value) && value.every(isNumber);
const isAbsent = (value: unknown) => value === undefined || value === null;

function isValues(values: object): values is Values {
  if (!isRecord(values) || values.version !== VERSION || !('settings' in values)) return false;
  const { epoch, batch, begun, seed, learningRate, history, logs, meter, end, now, good, callbacks } = values;
  return (
    [epoch, batch].every(isCount) &&
    Number.isSafeInteger(seed) &&
    typeof begun === 'boolean' &&
    (isAbsent(learningRate) || isNumber(learningRate)) &&
    isHistory(history) &&
    isLogs(logs) &&
    (isAbsent(meter) || isMeter(meter)) &&
    (isAbsent(end) || (isRecord(end) && (isAbsent(end.error) || typeof end.error === 'string'))) &&
    isLayout(now) &&
    (isAbsent(good) || isLayout(good)) &&
    Array.isArray(callbacks) &&
    callbacks.every((state) => state === null || (isRecord(state) && isRecord(state.values) && isCount(state.arrays)))
  );
}

function isLayout(value: unknown): value is WholeLayout {
  return isRecord(value) && [value.iterations, value.weights, value.slots, value.states].every(isCount);
}

function isHistory(value: unknown): value is Position['history'] {
  if (!isRecord(value) || !isRecord(value.history)) return false;
  const { epoch, history, stopped } = value;
  const known = isAbsent(stopped) || (isRecord(stopped) && isCount(stopped.epoch) && isCount(stopped.batch));
  return known && Array.isArray(epoch) && epoch.every(isCount) && Object.values(history).every(isNumbers);
}

function isLogs(value: unknown): value is Logs {
  return isRecord(value) && Object.values(value).every(isNumber);
}

function isMeter(value: unknown): value is MeterState {
  if (!isRecord(value)) return false;
  const { lossTotal, samples, outputTotals, counts } = value;
  return (
    [lossTotal, samples].every(isNumber) && isNumbers(outputTotals) && Array.isArray(counts) && counts.every(isNumbers)
  );
}
