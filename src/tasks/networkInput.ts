import type { NdArray } from '../data/array.js';
import type { Source } from '../data/source.js';
import { modelError, usageError } from '../errors.js';
import { counted } from '../format.js';
import type { Sequential } from '../sequential.js';
import { classifyInput } from './classify/predict.js';
import { maskValue } from './classify/scaling.js';
import type { ClassifyArtefact } from './classify/task.js';
import { padding, tokenText } from './classify/texts.js';
import type { Loaded, SavedTask } from './definition.js';
import { channelNames } from './forecast/channels.js';
import { parseState } from './forecast/state.js';
import type { ForecastArtefact } from './forecast/task.js';
import { tasks } from './index.js';
import type { TextArtefact } from './text/artefact.js';
import { unitOf } from './text/tokens.js';

/** One sample as a task's network sees it. */
export interface NetworkInput {
  /** (1, T, features) or (1, T) */
  x: NdArray;
  /** What it is: 'row 3', 'the end of the data'. */
  name: string;
  /** What the numbers of a step are, where that is known. */
  features?: string[];
  /** What stands at each step, where it is a text or a sequence of symbols; '' where it is filled up. */
  tokens?: string[];
  /** The steps that count, where those behind them are filled up. */
  steps?: number;
  /** What the outputs of a step stand for: classes, tokens, symbols. */
  outputs?: string[];
}

/**
 * The input that a task gives its network for a sample of the data: of a table its N-th row or group, of a forecast what the N-th
 * series ends with, of a text its N-th window, of symbols what comes before the next one.
 * @param source the end of the training data when not given
 * @throws MemcellError (usage) when there is no such sample, (model) when the task does without its network
 */
export async function networkInput(
  loaded: Loaded<SavedTask>,
  source: Source | undefined,
  sample = 1,
): Promise<NetworkInput> {
  const { model, artefact, name } = loaded;
  if (artefact.kind === 'text') return textInput(artefact as TextArtefact, source, sample, name);
  if (artefact.kind === 'classify') {
    if (source === undefined) throw usageError(`${name}: give the DATA that the sample is of`);
    const classes = artefact as ClassifyArtefact;
    const input = await classifyInput({ artefact: classes }, source, sample);
    return { ...input, ...classifySteps(classes, input.x), outputs: classes.classes };
  }
  const inputs: NdArray[] = [];
  // The task's own way to its network, with an ear at the network's door.
  const heard: Sequential = Object.create(model, {
    predict: {
      value: (x: NdArray, options?: { batchSize?: number }) => {
        inputs.push(x);
        return model.predict(x, options);
      },
    },
  });
  await tasks[artefact.kind].predict({ ...loaded, model: heard }, source, {});
  const count = inputs.reduce((sum, { shape }) => sum + shape[0], 0);
  if (count === 0) {
    throw modelError(`${name}: this model forecasts without its network, which adds nothing here`);
  }
  const last = artefact.kind === 'symbols' ? 1 : count;
  if (sample > last) {
    throw usageError(`sample: there ${last === 1 ? 'is 1 sample' : `are ${last} samples`}, not ${sample}`);
  }
  let index = sample - 1;
  for (const { data, shape } of inputs) {
    const size = data.length / shape[0];
    if (index < shape[0]) {
      const x = { data: data.slice(index * size, (index + 1) * size), shape: [1, ...shape.slice(1)] };
      return { x, ...described(artefact, x, sample) };
    }
    index -= shape[0];
  }
  throw new Error('no sample');
}

/** The words or letters of a text; how many steps a sample has that is filled up at its end. */
function classifySteps({ text, padded }: ClassifyArtefact, { data, shape }: NdArray): Partial<NetworkInput> {
  const [, length, width = 1] = shape;
  const filling = text ? padding : maskValue;
  if (!text && !(padded && shape.length === 3)) return {};
  let steps = length;
  const filled = (step: number) => data.subarray(step * width, (step + 1) * width).every((value) => value === filling);
  while (steps > 1 && filled(steps - 1)) steps--;
  return { steps, ...(text && { tokens: Array.from(data, (id) => tokenText(text, id)) }) };
}

function described(artefact: SavedTask, x: NdArray, sample: number): Omit<NetworkInput, 'x'> {
  if (artefact.kind === 'symbols') {
    const { symbols } = artefact as SavedTask & { symbols: (string | number)[] };
    const ids = x.shape.length === 2;
    return {
      name: 'what comes before the next symbol',
      outputs: symbols.map(String),
      ...(ids && { tokens: Array.from(x.data, (id) => String(symbols[id] ?? id)) }),
    };
  }
  const forecast = artefact as ForecastArtefact;
  const { series, targets } = forecast;
  const of = series.length > 1 ? ` of ${series[sample - 1]?.name ?? sample}` : '';
  const features = forecastChannels(forecast).slice(0, x.shape[2]);
  return { name: `the window before the forecast${of} of ${targets.join(', ')}`, features };
}

/** What goes into a forecast's network at each step; a network without other columns takes the first of them. */
function forecastChannels(artefact: ForecastArtefact): string[] {
  if (artefact.method === 'plain') return artefact.channels;
  return channelNames(parseState(artefact.state, 'forecaster').layout, artefact.targets);
}

async function textInput(
  { tokens, window }: TextArtefact,
  source: Source | undefined,
  sample: number,
  name: string,
): Promise<NetworkInput> {
  if (source === undefined) throw usageError(`${name}: give the text that the network is to read`);
  const ids = tokens.encode(await source.text(), source.name);
  const windows = Math.floor(ids.length / window);
  if (sample > windows) {
    const size = counted(window, unitOf(tokens.kind));
    throw usageError(`${source.name}: has ${counted(windows, 'window')} of ${size}, not ${sample}`);
  }
  const own = ids.slice((sample - 1) * window, sample * window);
  return {
    x: { data: own, shape: [1, window] },
    name: `window ${sample} of ${source.name}`,
    tokens: Array.from(own, (id) => tokens.texts[id]),
    outputs: [...tokens.texts],
  };
}
