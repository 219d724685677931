/** What the tasks' functions give: trained models that predict, evaluate, save and tell how good they are. */
import type { Account } from '../data/frame.js';
import { valuesNamed } from '../data/inCode.js';
import { type DataInput, openSource } from '../data/source.js';
import { accountText } from '../data/understanding/account.js';
import { usageError } from '../errors.js';
import type { Sequential } from '../sequential.js';
import { namedOptions, shown } from '../spelling.js';
import { type Classification, type ClassifyArtefact, type ClassifyEvaluation, classifyTask } from './classify/task.js';
import { accountInCode, evaluationInCode, inCodeSpelling, spelledInCode } from './codeSpelling.js';
import type { EvaluateOptions, Loaded, SavedTask, ScoredPart, Task } from './definition.js';
import type { ForecastPredictOptions } from './forecast/options.js';
import { type ForecastArtefact, type ForecastEvaluation, forecastTask } from './forecast/task.js';
import { checkKinds, checkOptions, type OptionKind, text } from './options.js';
import { type OpenedTask, readSaved } from './saved.js';
import type { TaskKind } from './settings.js';
import type { Pictures } from './shown.js';
import { type SymbolsArtefact, type SymbolsEvaluation, symbolsTask } from './symbols/task.js';
import { generate } from './text/generate.js';
import type { GenerateOptions } from './text/options.js';
import { type TextArtefact, type TextEvaluation, textTask } from './text/task.js';

/** What training brought beside the model: not there when the model was loaded. */
export interface Made<E> {
  /** How good the model is beside simple guesses: on the part that was held out, or on all where nothing was. */
  evaluation: E;
  /** What the evaluation is on: see `scoredOn`. */
  on: string;
  /** What was understood of a table. */
  understood?: Account;
  /** What is odd, or no better than a simple guess: one line each. */
  warnings: string[];
  /** One number per finished epoch and key: loss, val_loss, … */
  history: Record<string, number[]>;
  /** What pictures show of the evaluation. */
  pictures: Pictures;
}

/** What evaluating takes. */
const evaluateKinds: { readonly from: OptionKind<string> } = { from: text };

/** A trained model of a task: predicts, evaluates, saves and tells how good it is, in the data's own units and names. */
export abstract class TaskModel<E extends { kind: TaskKind }> {
  /** @internal What predicting needs: the network, and what is saved beside its weights. */
  abstract readonly loaded: Loaded<SavedTask, Sequential>;
  readonly kind: E['kind'];
  readonly evaluation?: E;
  /** @internal What the evaluation is on, for people: ', held out'. */
  readonly on: string;
  readonly understood?: Account;
  readonly warnings: readonly string[];
  readonly history?: Readonly<Record<string, number[]>>;
  /** @internal What pictures show of the evaluation: for `report`. */
  readonly pictures?: Pictures;

  /** @internal */
  constructor(
    private readonly task: Pick<Task<never, SavedTask, E, never>, 'kind' | 'evaluate' | 'tell'>,
    made?: Made<E>,
  ) {
    this.kind = task.kind;
    this.evaluation = made && evaluationInCode(made.evaluation);
    this.on = made?.on ?? '';
    this.understood = made?.understood && accountInCode(made.understood);
    this.warnings = made?.warnings.map(inCodeSpelling) ?? [];
    this.history = made?.history;
    this.pictures = made?.pictures;
  }

  /** The network itself, a Sequential: without the columns, scaling or vocabulary that the task puts around it. */
  get network(): Sequential {
    return this.loaded.model;
  }

  /**
   * How good the model is on data, beside simple guesses.
   * @throws MemcellError for data that the task cannot take
   */
  async evaluate(data: DataInput, options: ScoredPart = {}): Promise<E> {
    return this.score(data, checkKinds(evaluateKinds, options, 'evaluate'));
  }

  /** @internal The same, telling pictures too. */
  async score(data: DataInput, options: EvaluateOptions): Promise<E> {
    return spelledInCode(async () =>
      evaluationInCode(await this.task.evaluate(this.loaded, openSource(data), options)),
    );
  }

  /** Saves the model to a folder, as memcell train does: loadTask reads it back, and memcell predict. */
  async save(folder: string): Promise<void> {
    if (typeof folder !== 'string' || folder === '') {
      throw usageError(`save: the folder must be text, not ${shown(folder)}`);
    }
    await this.network.save(folder, { includeOptimizer: false });
  }

  /** What was understood, how good the model is and what to mind, for people. */
  report(): string {
    const { evaluation, on, understood, warnings } = this;
    const told = evaluation && this.task.tell(evaluation, on);
    const lines = [
      ...(understood ? accountText(understood) : []),
      ...(told ? [...told.headline, ...told.details] : [this.network.summaryText()]),
      ...warnings.map((warning) => `warning: ${warning}`),
    ];
    return lines.join('\n');
  }

  /** What JSON.stringify gives: the description of its network, and how good it is; not the weights. */
  toJSON(): Record<string, unknown> {
    const { kind, evaluation, warnings, network } = this;
    return { task: kind, network: network.toJSON(), ...(evaluation && { evaluation }), warnings };
  }

  /** Frees the network's memory. The model cannot be used after that. */
  dispose(): void {
    this.network.dispose();
  }
}

/** What a task predicts with a model of it, its options checked. */
async function answer<
  O extends object,
  A extends SavedTask,
  E extends { kind: TaskKind },
  P extends object,
  R extends object,
>(task: Task<O, A, E, P, R>, loaded: Loaded<A, Sequential>, data: DataInput | undefined, options: object): Promise<R> {
  const checked = checkOptions(task.predictOptions, options, 'predict') as P;
  const source = data === undefined ? undefined : openSource(data);
  return spelledInCode(async () => (await task.predict(loaded, source, checked)).result);
}

/** One step ahead: the forecast of each column and between which ends it lies, with the probability asked for. */
export interface ForecastStep<Column extends string = string> {
  /** The series, where there are several. */
  series?: string;
  step: number;
  /** In the data's own notation, when its times are regular. */
  time?: string;
  values: Record<Column, number>;
  /** Per probability, the smallest first. None of a plain network. */
  intervals: { probability: number; lower: Record<Column, number>; upper: Record<Column, number> }[];
}

export class ForecastModel<Column extends string = string> extends TaskModel<ForecastEvaluation> {
  /** @internal */
  readonly loaded: Loaded<ForecastArtefact, Sequential>;

  /** @internal */
  constructor(loaded: Loaded<ForecastArtefact, Sequential>, made?: Made<ForecastEvaluation>) {
    super(forecastTask, made);
    this.loaded = loaded;
  }

  /**
   * What comes after the end of the data, or of the training data when none is given.
   * @param options steps (the horizon), interval (80: per cent), future (rows ahead of the columns known ahead)
   */
  async predict(data?: DataInput, options: ForecastPredictOptions = {}): Promise<ForecastStep<Column>[]> {
    const { columns, rows } = await answer(forecastTask, this.loaded, data && valuesNamed(data), options);
    const named = (values: readonly number[]) =>
      Object.fromEntries(columns.map((column, c) => [column, values[c]])) as Record<Column, number>;
    return rows.map(({ values, intervals = [], ...row }) => ({
      ...row,
      values: named(values),
      intervals: intervals.map(({ probability, lower, upper }) => ({
        probability,
        lower: named(lower),
        upper: named(upper),
      })),
    }));
  }

  /** @internal */
  override async score(data: DataInput, options: EvaluateOptions): Promise<ForecastEvaluation> {
    return super.score(valuesNamed(data), options);
  }
}

export class ClassifyModel extends TaskModel<ClassifyEvaluation> {
  /** @internal */
  readonly loaded: Loaded<ClassifyArtefact, Sequential>;

  /** @internal */
  constructor(loaded: Loaded<ClassifyArtefact, Sequential>, made?: Made<ClassifyEvaluation>) {
    super(classifyTask, made);
    this.loaded = loaded;
  }

  /** The class of each row, group or text, with the probability of every class; the class column is not needed. */
  async predict(data: DataInput): Promise<Classification['rows']> {
    return (await answer(classifyTask, this.loaded, data, {})).rows;
  }

  /** The classes, in the order of the probabilities. */
  get classes(): readonly string[] {
    return this.loaded.artefact.classes;
  }
}

export class TextModel extends TaskModel<TextEvaluation> {
  /** @internal */
  readonly loaded: Loaded<TextArtefact, Sequential>;

  /** @internal */
  constructor(loaded: Loaded<TextArtefact, Sequential>, made?: Made<TextEvaluation>) {
    super(textTask, made);
    this.loaded = loaded;
  }

  /** Text that goes on from the prompt, piece by piece. The same seed gives the same text. */
  generate(options: GenerateOptions = {}): AsyncGenerator<string, void, void> {
    const { model, artefact, name } = this.loaded;
    return generate(model, artefact, checkOptions(textTask.predictOptions, options, 'generate'), name);
  }

  /** The prompt and what comes after it, as one text. */
  async predict(prompt = '', options: GenerateOptions = {}): Promise<string> {
    const given = namedOptions<GenerateOptions>('predict', options);
    return (await answer(textTask, this.loaded, undefined, { ...given, ...(prompt !== '' && { prompt }) })).text;
  }
}

export class SymbolsModel extends TaskModel<SymbolsEvaluation> {
  /** @internal */
  readonly loaded: Loaded<SymbolsArtefact, Sequential>;

  /** @internal */
  constructor(loaded: Loaded<SymbolsArtefact, Sequential>, made?: Made<SymbolsEvaluation>) {
    super(symbolsTask, made);
    this.loaded = loaded;
  }

  /** The symbols that come after those given, or after the end of the training data. */
  async predict(start?: Sequence, options: { steps?: number } = {}): Promise<(string | number)[]> {
    return (await answer(symbolsTask, this.loaded, start === undefined ? undefined : sequenceInput(start), options))
      .symbols;
  }
}

/** What loadTask gives: `kind` tells which. */
export type AnyTaskModel = ForecastModel | ClassifyModel | TextModel | SymbolsModel;

/** How a model of each task comes of its network. */
const readers: { readonly [Kind in TaskKind]: (opened: OpenedTask<Sequential>, made?: Made<never>) => AnyTaskModel } = {
  forecast: (opened, made) => new ForecastModel(readSaved(opened, forecastTask), made),
  classify: (opened, made) => new ClassifyModel(readSaved(opened, classifyTask), made),
  text: (opened, made) => new TextModel(readSaved(opened, textTask), made),
  symbols: (opened, made) => new SymbolsModel(readSaved(opened, symbolsTask), made),
};

/**
 * A task's model, of a network that carries it in its metadata.
 * @param made what training brought, an evaluation of the same task
 * @throws MemcellError (model) for a damaged one
 */
export function modelOf(opened: OpenedTask<Sequential>, made?: Made<{ kind: TaskKind }>): AnyTaskModel {
  return readers[opened.kind](opened, made as Made<never> | undefined);
}

/** Whole numbers, words, or a text of either with separators between them. */
export type Sequence = readonly (number | string)[] | string | { readonly files: readonly string[] };

/** A list is read as a table's column, so that words may hold what separates them in a text. */
export function sequenceInput(sequence: Sequence): DataInput {
  if (typeof sequence === 'string') return { name: 'sequence', text: sequence };
  if (typeof sequence !== 'object' || sequence === null) {
    throw usageError(`a sequence is a list of whole numbers or words, or a text of them, not ${shown(sequence)}`);
  }
  if ('files' in sequence) return sequence;
  const wrong = Array.from(sequence).find((symbol) => typeof symbol !== 'string' && typeof symbol !== 'number');
  if (!('length' in sequence) || wrong !== undefined) {
    throw usageError(`a sequence holds whole numbers or words, not ${shown(wrong ?? sequence)}`);
  }
  return { name: 'sequence.json', text: JSON.stringify(sequence) };
}
