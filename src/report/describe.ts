import type { Account } from '../data/frame.js';
import { openSource, type Source } from '../data/source.js';
import { MemcellError } from '../errors.js';
import { counted, formatDuration } from '../format.js';
import { shapeText } from '../model/stack.js';
import { isBidirectional, isRecurrent } from '../model/walk.js';
import type { Sequential } from '../sequential.js';
import type { Loaded, Prediction, SavedTask } from '../tasks/definition.js';
import { showNext } from '../tasks/forecast/shown.js';
import { type ForecastArtefact, type ForecastResult, forecastTask } from '../tasks/forecast/task.js';
import { tellVerdict } from '../tasks/forecast/tell.js';
import { tasks } from '../tasks/index.js';
import { networkInput } from '../tasks/networkInput.js';
import type { TaskKind, TrainingRecord } from '../tasks/settings.js';
import type { Pictures } from '../tasks/shown.js';
import type { TextArtefact } from '../tasks/text/artefact.js';
import { generate } from '../tasks/text/generate.js';
import { type ShownGates, showGates } from './gates.js';
import type { Evaluation, ReportInput, ShownTuning } from './input.js';

/** A model, what it was scored on, and how it came to be: what a report is made of. */
export interface Described {
  /** None where the models of an evaluation were not kept, as those of folds. */
  loaded?: Loaded<SavedTask, Sequential>;
  evaluation?: { kind: TaskKind };
  /** What the evaluation is on: ', held out'. */
  on?: string;
  pictures?: Pictures;
  account?: Account;
  warnings?: readonly string[];
  /** How it was trained, where the artefact does not say it. */
  training?: TrainingRecord;
  /** The data that forecasts go on from; the end of the training data when not given. */
  source?: Source;
  /** The options of predicting, and what it gave. */
  predict?: object;
  predicted?: Prediction;
  /** The search that its settings are from. */
  tuning?: ShownTuning;
  data?: string;
  seconds?: number;
  /** What makes it again. */
  command?: string;
}

/** Characters of each text that a text model writes, and their temperatures. */
const written = { length: 400, temperatures: [0.5, 0.8, 1.1] };

/** All that a report shows. Models what comes next, and writes texts, with the model. */
export async function describe(of: Described): Promise<ReportInput> {
  const { loaded, pictures, account, command, seconds } = of;
  const evaluation = of.evaluation as Evaluation | undefined;
  const kind = loaded?.artefact.kind ?? evaluation?.kind;
  if (kind === undefined) throw new Error('a report of nothing');
  const training = of.training ?? loaded?.artefact.training;
  const warnings = [...(of.warnings ?? [])];
  const headline = evaluation ? headlineOf(evaluation, of.on ?? '') : [];
  const history = training?.history;
  const data = of.data ?? training?.source;
  const next = loaded && isForecast(loaded) ? await nextOf(loaded, of, warnings) : undefined;
  const shown = pictures?.parts ?? [];
  const samples = loaded && isText(loaded) ? await samplesOf(loaded) : undefined;
  const gates = loaded && (await gatesShown(loaded, of.source, samples?.[0].text));
  return {
    title: titleOf(kind, loaded?.artefact, evaluation, data),
    kind,
    headline,
    warnings: warnings.filter((line) => !headline.includes(line)),
    ...(evaluation && { evaluation }),
    shown: shown.length > 0 ? shown : (next?.shown ?? []),
    left: pictures?.left ?? 0,
    ...(next && { next: next.next }),
    ...(samples && { samples }),
    ...(gates && { gates }),
    ...(account && { account }),
    ...(of.tuning && { tuning: of.tuning }),
    ...(history && { history }),
    ...(of.predicted && { predicted: predictedOf(of.predicted) }),
    network: loaded ? networkOf(loaded.model) : [],
    ...(training && { layers: training.layers, settings: training.settings }),
    made: [
      ...(command ? [['made by', command] as [string, string]] : []),
      ...(training ? [['trained by', training.createdWith] as [string, string]] : []),
      ...(data ? [['data', data] as [string, string]] : []),
      ...(seconds === undefined ? [] : [['time spent', formatDuration(seconds)] as [string, string]]),
      ...environment(),
    ],
  };
}

function predictedOf({ head, rows, count = rows.length }: Prediction): ReportInput['predicted'] {
  return { head, rows, count };
}

/** How good it is, in a line or two; the tables are shown as such. */
function headlineOf(evaluation: Evaluation, on: string): string[] {
  if (evaluation.kind !== 'forecast') return tasks[evaluation.kind].tell(evaluation as never, on).headline;
  const { samples, horizon } = evaluation;
  return [`${counted(samples, 'forecast')} of ${counted(horizon, 'step')}${on}`, ...tellVerdict(evaluation)];
}

function titleOf(
  kind: TaskKind,
  artefact: SavedTask | undefined,
  evaluation: Evaluation | undefined,
  data: string | undefined,
): string {
  const targets =
    evaluation?.kind === 'forecast'
      ? evaluation.targets.map(({ column }) => column)
      : ((artefact as Partial<ForecastArtefact> | undefined)?.targets ?? []);
  const titles: Record<TaskKind, string> = {
    forecast: `Forecast of ${targets.join(', ')}`,
    classify: `Classes of ${(artefact as { label?: string } | undefined)?.label ?? 'a table'}`,
    text: 'A model of a text',
    symbols: 'A model of a sequence',
  };
  return `${titles[kind]}${data ? `, ${data.replace(/^.*[\\/]/, '')}` : ''}`;
}

export function isForecast(loaded: Loaded<SavedTask, Sequential>): loaded is Loaded<ForecastArtefact, Sequential> {
  return loaded.artefact.kind === 'forecast';
}

function isText(loaded: Loaded<SavedTask, Sequential>): loaded is Loaded<TextArtefact, Sequential> {
  return loaded.artefact.kind === 'text';
}

/** What comes next; a warning instead where it cannot be told, as without the columns that it hangs on. */
export async function nextOf(
  loaded: Loaded<ForecastArtefact, Sequential>,
  { source, predict }: Pick<Described, 'source' | 'predict'>,
  warnings: string[],
) {
  const intervals = loaded.artefact.method === 'plain' ? {} : { interval: [80, 95] };
  let result: ForecastResult = { columns: [...loaded.artefact.targets], rows: [] };
  try {
    ({ result } = await forecastTask.predict(loaded, source, { ...intervals, ...predict }));
  } catch (error) {
    if (!(error instanceof MemcellError)) throw error;
    warnings.push(`what comes next is not drawn: ${error.message}`);
  }
  return showNext(loaded, source, result);
}

/** The gates of one sample, where the model has any: of data given, of the end of a series, of a text that it wrote. */
async function gatesShown(
  loaded: Loaded<SavedTask, Sequential>,
  source: Source | undefined,
  wrote: string | undefined,
): Promise<ShownGates | undefined> {
  const { kind } = loaded.artefact;
  const data = source ?? (wrote === undefined ? undefined : openSource({ name: 'what it wrote', text: wrote }));
  if (data === undefined && kind === 'classify') return undefined;
  if (!loaded.model.tf.layers.some((layer) => isRecurrent(layer) || isBidirectional(layer))) return undefined;
  try {
    return await showGates(loaded.model, await networkInput(loaded, kind === 'forecast' ? undefined : data));
  } catch (error) {
    // A network that adds nothing, or takes more than there is: nothing to show.
    if (error instanceof MemcellError) return undefined;
    throw error;
  }
}

async function samplesOf({
  model,
  artefact,
  name,
}: Loaded<TextArtefact, Sequential>): Promise<NonNullable<ReportInput['samples']>> {
  const samples: NonNullable<ReportInput['samples']> = [];
  for (const temperature of written.temperatures) {
    let text = '';
    for await (const piece of generate(model, artefact, { temperature, length: written.length }, name)) text += piece;
    samples.push({ temperature, text });
  }
  return samples;
}

function networkOf(model: Sequential): ReportInput['network'] {
  const { engine } = model;
  return model.tf.layers.map((layer) => ({
    name: `${layer.name} (${layer.getClassName()})`,
    output: shapeText(layer.outputShape as (number | null)[]),
    parameters: layer.countParams(),
    runs: engine.kind === 'memcell' ? 'engine' : `TensorFlow.js: ${engine.why}`,
  }));
}

/** Where the report was made. */
function environment(): [string, string][] {
  if (typeof process === 'undefined' || !process.versions?.node) return [];
  const { version, platform, arch } = process;
  return [['environment', `Node ${version.slice(1)}, ${platform} ${arch}`]];
}
