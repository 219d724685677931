import { readTextFile } from '../data/files.js';
import { parseIntegers } from '../data/integers.js';
import { parseTable, unifyLineEnds } from '../data/read.js';
import type { Artefact } from './artefact.js';
import { classifyDefaults, type PlainOptions, prepareClassify } from './classify/plain.js';
import { type ForecastOptions, forecastDefaults, prepareForecast } from './forecast.js';
import type { Prepared } from './prepared.js';
import { checkSettings, type TrainingSettings } from './settings.js';
import { prepareSymbols, type SymbolsOptions, symbolsDefaults } from './symbols.js';
import { prepareText, type TextOptions, textDefaults } from './text.js';

/** What is to be learnt. */
export type TaskRequest =
  | { kind: 'forecast'; options: ForecastOptions }
  | { kind: 'classify'; options: PlainOptions }
  | { kind: 'text'; options?: TextOptions }
  | { kind: 'symbols'; options?: SymbolsOptions };

/** Data that is not read from a file: its text, and a name for errors (its extension tells JSON tables). */
export interface DataSource {
  name: string;
  text: string;
}

/** A file's path, or the data itself. */
export type DataInput = string | DataSource;

/** The text of a file, or of the data given. */
export async function readSource(data: DataInput): Promise<DataSource> {
  return typeof data === 'string' ? { name: data, text: await readTextFile(data) } : data;
}

/**
 * Makes data ready for training, and completes the settings with the task's own.
 * @throws MemcellError for data or options that the task cannot take, and settings out of their range.
 */
export function prepareTask(
  source: DataSource,
  task: TaskRequest,
  given: Partial<TrainingSettings> = {},
): { prepared: Prepared<Artefact>; settings: TrainingSettings } {
  const complete = (defaults: Omit<TrainingSettings, 'optimizer' | 'seed'>): TrainingSettings => {
    const set = Object.entries(given).filter(([, value]) => value !== undefined);
    const settings = { optimizer: 'adam', seed: 0, ...defaults, ...Object.fromEntries(set) };
    checkSettings(settings);
    return settings;
  };
  const { name, text } = source;
  switch (task.kind) {
    case 'forecast': {
      const settings = complete(forecastDefaults);
      return { settings, prepared: prepareForecast(parseTable(text, name), task.options, settings.validationSplit) };
    }
    case 'classify': {
      const settings = complete(classifyDefaults);
      return { settings, prepared: prepareClassify(parseTable(text, name), task.options, settings.validationSplit) };
    }
    case 'text': {
      const settings = complete(textDefaults);
      return {
        settings,
        prepared: prepareText(unifyLineEnds(text), name, task.options ?? {}, settings.validationSplit),
      };
    }
    case 'symbols': {
      const sequence = parseIntegers(text, name);
      const settings = complete(symbolsDefaults(sequence.length));
      return { settings, prepared: prepareSymbols(sequence, name, task.options ?? {}, settings.validationSplit) };
    }
  }
}
