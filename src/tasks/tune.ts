/** Searches a task's settings, trains with the best as `trainTask` would, and compares them with the defaults. */
import type { Source } from '../data/source.js';
import { counted } from '../format.js';
import type { Drawn } from './drawnSettings.js';
import { tasks } from './index.js';
import { type Search, type SearchOptions, searchSettings } from './search.js';
import type { TaskKind } from './settings.js';
import { type AnyTrained, type TrainTaskOptions, trainTask } from './train.js';

/** What the settings that were chosen are beside the defaults. */
export interface Comparison {
  /** Errors on the part of the data that nothing was chosen by. */
  error: number;
  defaults: number;
  better: boolean;
}

export interface Tuned {
  search: Search;
  /** With the best settings; held out is what training always holds out. */
  trained: AnyTrained;
  /** Not there where the defaults are the best, or it was interrupted before. */
  compared?: Comparison;
  interrupted: boolean;
}

export interface TuneOptions extends Omit<SearchOptions, 'reserve'> {
  /** Whether the best model is trained to be saved, on all of the data in the end. */
  toSave: boolean;
  /** What the training with the best settings is told beside them. */
  final?: Pick<TrainTaskOptions, 'shown' | 'onPrepared' | 'onTrained'>;
  onSearched?: (search: Search) => void;
}

/** As many times the longest trial is left of a budget, for the best settings (trained twice, to be saved) and the defaults. */
const reserve = { toSave: 3, toCompare: 2 };

/** The best settings' share of the time that is left, where the defaults are trained after them. */
const finalShare = 0.7;

/**
 * A signal ends the search; the best settings so far are trained all the same, and not compared.
 * @returns undefined when a signal ended it before the first trial was done
 */
export async function tuneTask(
  kind: TaskKind,
  source: Source,
  options: Record<string, unknown>,
  { toSave, final, onSearched, ...given }: TuneOptions,
): Promise<Tuned | undefined> {
  const started = performance.now() - 1000 * (given.records?.spent ?? 0);
  const { budget, signal, seed, threads, settings, layers } = given;
  const search = await searchSettings(kind, source, options, {
    ...given,
    reserve: toSave ? reserve.toSave : reserve.toCompare,
  });
  if (search === undefined) return undefined;
  onSearched?.(search);
  const { best, defaults } = search;
  const wasInterrupted = search.ended === 'interrupted';
  const train = (drawn: Drawn, share: number, more: TrainTaskOptions) => {
    const left = budget === undefined ? undefined : budget - (performance.now() - started) / 1000;
    const chosen = drawn.layers ?? layers;
    return trainTask(
      kind,
      source,
      { ...options, ...drawn.options },
      {
        ...more,
        settings: { ...settings, ...drawn.settings },
        ...(seed !== undefined && { seed }),
        ...(threads !== undefined && { threads }),
        ...(chosen !== undefined && { layers: chosen }),
        ...(signal && !wasInterrupted && { signal }),
        ...(left !== undefined && { budget: Math.max(1, left * share) }),
      },
    );
  };
  const same = best === defaults;
  const trained = await train(best, same ? 1 : finalShare, { ...final, ...(!toSave && { purpose: 'compare' }) });
  if (trained === undefined) throw new Error('the training was ended before it began');
  const interrupted = wasInterrupted || trained.stopped?.reason === 'interrupted';
  if (same || interrupted) return { search, trained, interrupted };
  try {
    const other = await train(defaults, 1, { purpose: 'compare' });
    if (other === undefined) throw new Error('the training was ended before it began');
    other.model.dispose();
    if (other.stopped?.reason === 'interrupted') return { search, trained, interrupted: true };
    const [error, before] = [trained, other].map(({ evaluation }) => tasks[kind].score(evaluation, options).value);
    return { search, trained, interrupted, compared: compareErrors(error, before) };
  } catch (error) {
    trained.model.dispose();
    throw error;
  }
}

/** Less of a difference than this is within what seeds change. */
const betterBelow = 0.995;

export function compareErrors(error: number, defaults: number): Comparison {
  return { error, defaults, better: error < betterBelow * defaults };
}

/** What came of it, in lines for people. */
export function tuneText({ search, compared, interrupted }: Omit<Tuned, 'trained'>): string[] {
  const { best, defaults, metric } = search;
  if (best === defaults) {
    const others = counted(search.trials.length - 1, 'other trial');
    return [`no better than the defaults (${metric} ${short(defaults.error)}): ${others}, none with a smaller error`];
  }
  const lines = [
    `the best is trial ${best.trial}: ${metric} ${short(best.error)}, with the defaults ${short(defaults.error)}, on what settings are chosen by`,
  ];
  if (compared) {
    const { error, defaults: before, better } = compared;
    const less = `${Math.max(1, Math.round(100 * (1 - error / before)))} % better than the defaults`;
    lines.push(
      `on the part held out from all trials: ${short(error)}, with the defaults ${short(before)}: ${better ? less : 'no better than the defaults'}`,
    );
  } else if (interrupted)
    lines.push('interrupted: not compared with the defaults on the part held out from all trials');
  return lines;
}

/** What is to be said of why a search ended before all trials were done. */
export function endText({ ended, trials }: Search, wanted: number): string | undefined {
  const done = `after ${trials.length} of ${counted(wanted, 'trial')}`;
  const texts: Record<Search['ended'], string | undefined> = {
    finished: undefined,
    exhausted: `${done} there are no other settings to try`,
    budget: `${done} the time of the budget was over`,
    interrupted: `interrupted ${done}`,
  };
  return texts[ended];
}

function short(value = Number.NaN): string {
  return String(Number(value.toPrecision(4)));
}
