/**
 * Random search over a task's settings (Bergstra and Bengio, "Random Search for Hyper-Parameter Optimization", 2012): the
 * ranges stand beside the options of each task. Settings are chosen by a part of the data that is neither trained on nor what
 * the model is evaluated on in the end.
 */
import type { Source } from '../data/source.js';
import { MemcellError, usageError } from '../errors.js';
import { type Drawn, drawNew, nothing } from './drawnSettings.js';
import { flags } from './flags.js';
import { tasks } from './index.js';
import type { TaskKind } from './settings.js';
import { type TrainTaskOptions, trainTask } from './train.js';

/** One training of a search, with settings of its own. What it does not set had its default, or what was given. */
export interface Trial extends Drawn {
  /** From 1, which has the defaults. */
  trial: number;
  /** Of the part that settings are chosen by; less is better. Not there where the trial came to nothing. */
  error?: number;
  /** Why it came to nothing. */
  failed?: string;
  parameters?: number;
  epochs?: number;
  seconds: number;
}

export interface Search {
  /** What the errors are: 'log loss'. */
  metric: string;
  /** Samples that the errors are of. */
  samples: number;
  trials: Trial[];
  /** The one with the least error, the first of equals. */
  best: Trial;
  /** The trial with the defaults. */
  defaults: Trial;
  /** What ended it: all trials are done, there are no other settings, the time is up, a signal. */
  ended: 'finished' | 'exhausted' | 'budget' | 'interrupted';
}

export interface SearchOptions extends Pick<TrainTaskOptions, 'seed' | 'settings' | 'layers' | 'threads' | 'signal'> {
  /** Trials at most, with that of the defaults. */
  trials: number;
  /** Seconds for the search, and as many times the longest trial as are to be left after it. */
  budget?: number;
  reserve?: number;
  /** Called when the data are ready, with what the first trial will train. */
  onPrepared?: TrainTaskOptions['onPrepared'];
  onTrial?: (trial: Trial, metric: string) => void;
  /** Those of the same search that are done. */
  records?: TrialRecords;
}

/** Trials that were done before a search was killed or stopped: the same draws in the same order in one that is resumed. */
export interface TrialRecords {
  /** Seconds that they took. */
  readonly spent: number;
  find(trial: number): Outcome | undefined;
  add(trial: number, outcome: Outcome): Promise<void>;
}

/**
 * Trains with the defaults, then with settings that are drawn, each of them left at its default in half of the trials. The same
 * seed draws the same settings, and one and the same seed trains all of them; a trial that the budget or a signal cuts does not count.
 * @returns undefined when a signal ended it before the first trial was done
 * @throws MemcellError for what the defaults cannot be trained on, and (usage) where nothing can be held out
 */
export async function searchSettings(
  kind: TaskKind,
  source: Source,
  options: Record<string, unknown>,
  given: SearchOptions,
): Promise<Search | undefined> {
  const { trials: most, budget, reserve = 0, signal, onTrial, records, seed = 0 } = given;
  const started = performance.now() - 1000 * (records?.spent ?? 0);
  const spent = () => (performance.now() - started) / 1000;
  const search: Bench = { kind, source, options, given };
  const run = async (trial: number, drawn: Drawn, time: { seconds?: number; cut?: number }) => {
    const done = records?.find(trial);
    if (done) return done;
    const outcome = await runTrial(search, drawn, time);
    if (outcome && !signal?.aborted) await records?.add(trial, outcome);
    return outcome;
  };
  const first = await run(1, nothing, { seconds: budget && budget / (1 + reserve) });
  if (first === undefined || signal?.aborted) return undefined;
  if (first.failed !== undefined) throw new MemcellError(`${source.name}: with the defaults, ${first.failed}`);
  const { metric, samples, layers } = first;
  const trials: Trial[] = [];
  const add = ({ trial, error, failed, parameters, epochs, seconds, drawn }: Ran) => {
    const told: Trial = {
      trial,
      ...drawn,
      ...(error !== undefined && { error }),
      ...(failed !== undefined && { failed }),
      ...(parameters !== undefined && { parameters, epochs }),
      seconds,
    };
    trials.push(told);
    onTrial?.(told, metric);
  };
  add({ ...first, trial: 1, drawn: nothing });
  const seen = new Set([JSON.stringify(nothing)]);
  let ended: Search['ended'] = 'finished';
  for (let trial = 2; trial <= most; trial++) {
    const drawn = drawNew(flags[kind], { ...given, options }, layers, { seed, trial, seen });
    if (drawn === undefined) {
      ended = 'exhausted';
      break;
    }
    const longest = Math.max(...trials.map(({ seconds }) => seconds));
    const until = budget === undefined ? undefined : budget - reserve * longest;
    if (until !== undefined && !records?.find(trial) && spent() + longest > until) {
      ended = 'budget';
      break;
    }
    const ran = await run(trial, drawn, { cut: until === undefined ? undefined : until - spent() });
    if (signal?.aborted || ran === undefined) {
      ended = signal?.aborted ? 'interrupted' : 'budget';
      break;
    }
    add({ ...ran, trial, drawn });
  }
  const best = trials.reduce((one, other) => ((other.error ?? Infinity) < (one.error ?? Infinity) ? other : one));
  return { metric, samples, trials, best, defaults: trials[0], ended };
}

/** What all trials are run on. */
interface Bench {
  kind: TaskKind;
  source: Source;
  options: Record<string, unknown>;
  given: SearchOptions;
}

/** What a trial came to. */
export interface Outcome {
  metric: string;
  samples: number;
  /** Those that the task chose, or that were given. */
  layers: string;
  seconds: number;
  error?: number;
  failed?: string;
  parameters?: number;
  epochs?: number;
}

interface Ran extends Omit<Outcome, 'metric' | 'samples' | 'layers'> {
  trial: number;
  drawn: Drawn;
}

/**
 * @param time `seconds`: what the task may take, with a result; `cut`: those after which it is stopped, without one
 * @returns undefined when it was stopped
 * @throws MemcellError for the defaults; what is wrong with settings that were drawn is told in `failed`
 */
async function runTrial(
  { kind, source, options, given }: Bench,
  drawn: Drawn,
  { seconds: budget, cut }: { seconds?: number; cut?: number },
): Promise<Outcome | undefined> {
  const { seed, settings, threads, signal, onPrepared } = given;
  const isFirst = drawn === nothing;
  const began = performance.now();
  const stopping = stopAfter(cut, signal);
  let layers = '';
  let metric = '';
  try {
    const trained = await trainTask(
      kind,
      source,
      { ...options, ...drawn.options },
      {
        settings: { ...settings, ...drawn.settings },
        signal: stopping.signal,
        purpose: 'choose',
        ...(seed !== undefined && { seed }),
        ...(threads !== undefined && { threads }),
        ...layersOf(drawn.layers ?? given.layers),
        ...(budget !== undefined && { budget }),
        onPrepared: (prepared) => {
          if (prepared.heldOut === 0) throw usageError(`${source.name}: ${noPart}`);
          layers = prepared.layers;
          return isFirst ? onPrepared?.(prepared) : undefined;
        },
      },
    );
    if (trained === undefined) return undefined;
    const { model, evaluation, history, stopped } = trained;
    const parameters = model.countParams();
    model.dispose();
    if (stopped?.reason === 'interrupted') return undefined;
    const { value, name } = tasks[kind].score(evaluation, options);
    metric = name;
    const seconds = (performance.now() - began) / 1000;
    const { samples } = evaluation as { samples?: number };
    return {
      metric,
      samples: samples ?? 0,
      layers,
      seconds,
      parameters,
      epochs: history.loss?.length ?? 0,
      ...(Number.isFinite(value) ? { error: value } : { failed: 'its error is no finite number' }),
    };
  } catch (error) {
    if (isFirst || !(error instanceof MemcellError)) throw error;
    const seconds = (performance.now() - began) / 1000;
    return { metric, samples: 0, layers, seconds, failed: error.message.split('\n')[0] };
  } finally {
    stopping.release();
  }
}

const noPart = 'nothing is held out that settings could be chosen by; take more data, or another --validation-split';

function layersOf(layers: string | undefined): { layers?: string } {
  return layers === undefined ? {} : { layers };
}

/** A signal that comes when another one does, or after so many seconds. */
function stopAfter(
  seconds: number | undefined,
  signal: AbortSignal | undefined,
): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timer = seconds === undefined ? undefined : setTimeout(abort, Math.max(0, 1000 * seconds));
  signal?.addEventListener('abort', abort);
  if (signal?.aborted) abort();
  return {
    signal: controller.signal,
    release: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    },
  };
}
