import type { Account } from '../data/frame.js';
import type { ClassifyEvaluation } from '../tasks/classify/evaluation.js';
import type { ForecastEvaluation } from '../tasks/forecast/evaluation.js';
import type { TrainingSettings } from '../tasks/settings.js';
import type { Shown, ShownBlock } from '../tasks/shown.js';
import type { SymbolsEvaluation } from '../tasks/symbols/evaluation.js';
import type { TextEvaluation } from '../tasks/text/evaluation.js';
import type { ShownGates } from './gates.js';

/** A search over settings. */
export interface ShownTuning {
  /** What the errors are: 'log loss'. */
  metric: string;
  /** What came of it, in lines. */
  verdict: readonly string[];
  /** The trial with the least error. */
  best: number;
  trials: readonly ShownTrial[];
}

export interface ShownTrial {
  /** From 1, which has the defaults. */
  trial: number;
  /** Settings as memcell train takes them; none of the defaults. */
  given: string;
  /** Not there where it came to nothing, and `failed` says why. */
  error?: number;
  failed?: string;
  parameters?: number;
  seconds: number;
}

export type Evaluation = ForecastEvaluation | ClassifyEvaluation | TextEvaluation | SymbolsEvaluation;

/** All that a report shows, as plain data. What is not there is left out of the page. */
export interface ReportInput {
  title: string;
  kind: Evaluation['kind'];
  /** Its headline, then what it was scored on. */
  headline: string[];
  warnings: string[];
  evaluation?: Evaluation;
  shown: Shown[];
  /** Series that pictures are left out of. */
  left: number;
  /** Forecasts of what comes next: per series, per column. */
  next?: { series: string; columns: ShownBlock[] }[];
  /** What predicting gave: classes of rows, forecasts. */
  predicted?: { head: string[]; rows: (string | number)[][]; count: number };
  /** Texts that the model wrote. */
  samples?: { temperature: number; text: string }[];
  /** What the network's gates do with one sample. */
  gates?: ShownGates;
  account?: Account;
  tuning?: ShownTuning;
  /** One number per epoch and key. */
  history?: Record<string, number[]>;
  network: { name: string; output: string; parameters: number; runs: string }[];
  /** The layers in the notation, and the settings of the training. */
  layers?: string;
  settings?: TrainingSettings;
  /** What is told of how it was made, a name and a value each: command, seed, time, machine. */
  made: [string, string][];
}
