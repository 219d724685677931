import { classifyFlags } from './classify/options.js';
import type { TaskFlags } from './definition.js';
import { forecastFlags } from './forecast/options.js';
import type { TaskOption } from './options.js';
import type { TaskKind } from './settings.js';
import { symbolsFlags } from './symbols/options.js';
import { textFlags } from './text/options.js';

/** What a task of any kind takes. */
export type AnyFlags = Omit<TaskFlags<object, object>, 'choose' | 'options' | 'predictOptions'> & {
  readonly choose: { flags: string; help: string; option?: string };
  readonly options: Readonly<Record<string, TaskOption<unknown>>>;
  readonly predictOptions: Readonly<Record<string, TaskOption<unknown>>>;
};

/** The tasks' options, without the tasks: one line each. Light, for the command line's help. */
export const flags: { readonly [Kind in TaskKind]: AnyFlags } = {
  forecast: forecastFlags,
  classify: classifyFlags,
  text: textFlags,
  symbols: symbolsFlags,
};

export const kinds = Object.keys(flags) as TaskKind[];
