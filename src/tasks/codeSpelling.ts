/**
 * Options in messages as a program gives them. Messages are written for the command line, `--text-column remark`; who calls the
 * functions of the package reads `textColumn: 'remark'`.
 */
import type { Account } from '../data/frame.js';
import { MemcellError } from '../errors.js';
import { snakeCase } from '../spelling.js';
import { flags, kinds } from './flags.js';
import { trainingKinds } from './functionOptions.js';
import type { OptionKind } from './options.js';

/** What a flag is in code: an option, with what it takes in the tasks that have it, or a function, which takes nothing here. */
interface Named {
  name: string;
  takes: OptionKind<unknown>[];
}

const functionNames = { forecast: 'forecast', classify: 'classify', text: 'textModel', symbols: 'symbols' };

const named = new Map<string, Named>();
const add = (flag: string, name: string, takes: OptionKind<unknown>[]) =>
  named.set(flag, { name, takes: [...takes, ...(named.get(flag)?.takes ?? [])] });
for (const [name, kind] of Object.entries<OptionKind<unknown>>(trainingKinds)) {
  add(`--${snakeCase(name).replaceAll('_', '-')}`, name, [kind]);
}
for (const task of kinds) {
  const { options, predictOptions, choose } = flags[task];
  for (const [name, { flags: written, kind }] of Object.entries({ ...options, ...predictOptions })) {
    if (name !== choose.option) add(flagOf(written), name, [kind]);
  }
  add(flagOf(choose.flags), functionNames[task], []);
}

/** '--window <N>' → '--window' */
function flagOf(written: string): string {
  return written.replace(/ .*/, '');
}

/**
 * A message with its options as they are in code. Of options that take any text, what stands behind one is its value where a clause ends
 * with it: 'several series: --group store'.
 */
export function inCodeSpelling(message: string): string {
  return message.replace(
    /(?<![\w-])(--[a-z][a-z-]*)(?: ("[^"]*"|[^\s;()]*[^\s;():]))?(?=( \(|[;),]|$)|)/g,
    (whole, flag: string, value: string | undefined, end: string | undefined) => {
      const option = named.get(flag);
      if (option === undefined) return whole;
      if (value === undefined) return option.name;
      const given = option.takes
        .filter((kind) => end !== undefined || kind.parse(anyText) === undefined)
        .map((kind) => kind.parse(value))
        .find((one) => one !== undefined);
      return valueText(given) === undefined ? `${option.name} ${value}` : `${option.name}: ${valueText(given)}`;
    },
  );
}

/** No choice of any option. */
const anyText = 'any text';

/** A text or a list as it is written in code; numbers stand in messages as they are. */
function valueText(value: unknown): string | undefined {
  if (typeof value === 'string') return value.includes("'") ? JSON.stringify(value) : `'${value}'`;
  return Array.isArray(value) ? `[${value.map(valueText).join(', ')}]` : undefined;
}

/** @throws MemcellError what the work throws, its message in code's spelling */
export async function spelledInCode<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof MemcellError)) throw error;
    const message = inCodeSpelling(error.message);
    if (message === error.message) throw error;
    throw new MemcellError(message, { code: error.code, cause: error.cause });
  }
}

/** The same of what was understood of a table. */
export function accountInCode(account: Account): Account {
  const columns = account.columns.map((column) =>
    column.why === undefined ? column : { ...column, why: inCodeSpelling(column.why) },
  );
  return { ...account, columns, notes: account.notes.map(inCodeSpelling) };
}

/** The same of how good a model is. */
export function evaluationInCode<E extends object>(evaluation: E): E {
  const spelled = { ...evaluation };
  if ('verdict' in spelled && typeof spelled.verdict === 'string') spelled.verdict = inCodeSpelling(spelled.verdict);
  if ('notes' in spelled && Array.isArray(spelled.notes)) spelled.notes = spelled.notes.map(inCodeSpelling);
  return spelled;
}
