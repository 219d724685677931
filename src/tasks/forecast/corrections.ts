import { MemcellError } from '../../errors.js';
import { deriveKey } from '../../random.js';
import type { Sequential } from '../../sequential.js';
import type { Run } from '../definition.js';
import { channelCounts, type Layout } from './channels.js';
import type { Fold } from './folds.js';
import { gate } from './gate.js';
import { foldGate, makeNetwork, type NetworkOptions, type Trial, trainNetwork, tryNetwork } from './network.js';
import type { Windows } from './networkWindows.js';
import { asRegression, regressorsOf } from './regressors.js';
import { fitRidge } from './ridge.js';
import { ownChannels } from './samples.js';

/** What is added to the anchor. */
export interface Corrections {
  model: Sequential;
  /** Channels that the network takes, from the first. */
  channels: number;
  /** The ridge with its gate folded in: (regressors + 1, H · C). */
  ridge?: number[];
  /** Per step and target (H · C): how much of each is taken. */
  gates: { ridge: number; network: number }[];
  /** Whether columns beside the targets are used by either. */
  usesColumns: boolean;
  /** Out-of-fold errors of anchor and corrections (n, H · C), in units of the scale; NaN where a window is in no fold. */
  errors: Float32Array;
  history: Record<string, number[]>;
  remarks: string[];
}

/** A second network, with columns beside the targets, is taken when it lowers the error to this share. */
const EXTRA = 0.99;

/** Ridge and network beside each other, believed as far as they help out of fold. */
export async function fitCorrections(
  windows: Windows,
  folds: readonly Fold[],
  layout: Layout,
  options: NetworkOptions,
): Promise<Corrections> {
  const { run } = options;
  const { own, all } = channelCounts(layout);
  const { targets } = layout;
  const { regressors, ends } = regressorsOf(layout);
  const regression = asRegression(windows, layout, regressors);
  run.stage('ridge regression, out of fold');
  const ridge = await fitRidge(
    regression,
    folds,
    ends,
    Float64Array.from(regressors, ({ weight }) => weight),
    { owners: regressors.map(({ target }) => target), targets },
  );
  const alone = ownChannels(windows, own);
  run.stage(`networks of ${folds.length} folds`);
  const candidates = takenBy(run, all > own ? [alone, windows] : [windows]);
  const { trial, chosen, history, remark } = await bestTrial(candidates, folds, options);
  const remarks = remark ? [remark] : [];
  const tried = [ridge.outOfFold, ...(trial ? [trial.outOfFold] : [])];
  const gates = gate(windows.y, tried, folds, windows.answers, targets).map(([linear, network = 0]) => ({
    ridge: linear,
    network,
  }));
  const errors = remaining(windows, folds, gates, ridge.outOfFold, trial?.outOfFold);
  const open = trial !== undefined && gates.some((one) => one.network > 0);
  const final = await finalNetwork(chosen, open ? trial.epochs : 0, options);
  if (final.remark) remarks.push(final.remark);
  if (!final.trained) for (const one of gates) one.network = 0;
  foldGate(
    final.model,
    gates.map((one) => one.network),
  );
  const weights = Array.from(ridge.weights, (weight, i) => weight * gates[i % windows.answers].ridge);
  const ridgeOpen = gates.some((one) => one.ridge > 0);
  const wide = ridge.chosen.some(({ used }, k) => gates[k].ridge > 0 && used > ends[0]);
  return {
    model: final.model,
    channels: chosen.channels,
    ...(ridgeOpen && { ridge: weights }),
    gates,
    usesColumns: wide || (final.trained && chosen.channels > own),
    errors,
    history,
    remarks,
  };
}

/** The windows that the model takes which training starts from; all of them where it starts anew, or the model takes others. */
function takenBy({ from }: Run, candidates: readonly Windows[]): readonly Windows[] {
  const fitting = candidates.filter(({ channels }) => channels === from?.features);
  return fitting.length > 0 ? fitting : candidates;
}

/** No correction: a network with a zero head. */
export function noCorrections(windows: Windows, layout: Layout, options: NetworkOptions): Corrections {
  const { own, all } = channelCounts(layout);
  const channels = options.run.from?.features === all ? all : own;
  const model = makeNetwork({ ...windows, channels }, options, deriveKey(options.run.seed, 'all'));
  const gates = Array.from({ length: windows.answers }, () => ({ ridge: 0, network: 0 }));
  foldGate(
    model,
    gates.map(() => 0),
  );
  return { model, channels, gates, usesColumns: false, errors: windows.y, history: {}, remarks: [] };
}

interface Tried {
  trial?: Trial;
  chosen: Windows;
  history: Record<string, number[]>;
}

/** The better of the networks without and with columns beside the targets. */
async function bestTrial(
  candidates: readonly Windows[],
  folds: readonly Fold[],
  options: NetworkOptions,
): Promise<Tried & { remark?: string }> {
  let best: Tried = { chosen: candidates[0], history: {} };
  let tooLate = false;
  for (const windows of candidates) {
    try {
      const { best: trial, history, late } = await tryNetwork(windows, folds, options);
      tooLate ||= late;
      if (best.history.loss === undefined) best = { ...best, history };
      if (trial && !(best.trial && trial.error >= EXTRA * best.trial.error)) best = { trial, chosen: windows, history };
    } catch (error) {
      if (!isNumeric(error)) throw error;
      return { ...best, remark: leftOut(error) };
    }
  }
  return { ...best, ...(tooLate && { remark: 'the time of the budget was over while the network was tried' }) };
}

async function finalNetwork(
  windows: Windows,
  epochs: number,
  options: NetworkOptions,
): Promise<{ model: Sequential; trained: boolean; remark?: string }> {
  const { run } = options;
  const idle = () => makeNetwork(windows, options, deriveKey(run.seed, 'all'));
  if (epochs === 0 || run.signal?.aborted) return { model: idle(), trained: false };
  run.stage('the network on all rows');
  try {
    return { model: await trainNetwork(windows, epochs, options), trained: true };
  } catch (error) {
    if (!isNumeric(error)) throw error;
    return { model: idle(), trained: false, remark: leftOut(error) };
  }
}

function leftOut({ message }: MemcellError): string {
  return `the network is left out: ${message}`;
}

function isNumeric(error: unknown): error is MemcellError {
  return error instanceof MemcellError && error.code === 'numeric';
}

function remaining(
  { y, answers }: Windows,
  folds: readonly Fold[],
  gates: readonly { ridge: number; network: number }[],
  ridge: Float32Array,
  network: Float32Array | undefined,
): Float32Array {
  const errors = new Float32Array(y.length).fill(Number.NaN);
  for (const { held } of folds) {
    for (const row of held) {
      for (let k = 0, i = row * answers; k < answers; k++, i++) {
        const weights = gates[k];
        errors[i] = y[i] - weights.ridge * ridge[i] - (network ? weights.network * network[i] : 0);
      }
    }
  }
  return errors;
}
