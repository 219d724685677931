import type { DataInput } from '../data/source.js';
import { MemcellError } from '../errors.js';
import { namedOptions, shown } from '../spelling.js';
import type { Range } from './ranges.js';

/** What an option takes: one check for the command line, which gives text, and for code, which gives values. */
export interface OptionKind<T> {
  /** 'a whole number of at least 1' */
  readonly what: string;
  /** The value of a text of the command line, or undefined when it is none. */
  parse(text: string): T | undefined;
  /** Whether a value of a program is one. */
  check(value: unknown): value is T;
}

export interface TaskOption<T> {
  /** '--window <N>'; '--known <COL,...>'; '--pure' for an option without a value. */
  flags: string;
  help: string;
  kind: OptionKind<T>;
  /** What `tune` tries; left out, it leaves the option alone. */
  range?: Range<T>;
}

/** Every option of a task; none can be forgotten, and none be there that the task does not take. */
export type OptionTable<O extends object> = { readonly [K in keyof O]-?: TaskOption<Exclude<O[K], undefined>> };

function number(what: string, fits: (value: number) => boolean): OptionKind<number> {
  const check = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && fits(value);
  return {
    what,
    check,
    parse: (text) => {
      const value = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : Number.NaN;
      return check(value) ? value : undefined;
    },
  };
}

export const count = number('a whole number of at least 1', (value) => Number.isSafeInteger(value) && value >= 1);
export const integer = number('a whole number', Number.isSafeInteger);
export const positive = number('a number above 0', (value) => value > 0);
export const atLeast0 = number('a number of at least 0', (value) => value >= 0);
export const share = number('at least 0 and below 1', (value) => value >= 0 && value < 1);
export const probability = number('above 0 and at most 1', (value) => value > 0 && value <= 1);

/** An option that is there or not. */
export const flag: OptionKind<boolean> = {
  what: 'true or false',
  check: (value): value is boolean => typeof value === 'boolean',
  parse: (text) => (text === 'true' || text === 'false' ? text === 'true' : undefined),
};

export const text: OptionKind<string> = {
  what: 'text',
  check: (value): value is string => typeof value === 'string' && value !== '',
  parse: (given) => (given === '' ? undefined : given),
};

/** A file on the command line; any data in code, which is looked at when it is opened. */
export const data: OptionKind<DataInput> = {
  what: 'a file, rows or columns',
  check: (value): value is DataInput => text.check(value) || (typeof value === 'object' && value !== null),
  parse: text.parse,
};

/** Names with commas between them; a name that holds a comma is written in double quotes. */
export const names: OptionKind<string[]> = {
  what: 'names with commas between them',
  check: (value): value is string[] =>
    Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string' && name !== ''),
  parse: (given) => {
    const parts = given.match(/"[^"]*"|[^,]+/g)?.map((part) => part.trim().replace(/^"(.*)"$/, '$1')) ?? [];
    const whole = given.split(',').every((part) => part.trim() !== '');
    return whole && parts.length > 0 && !parts.includes('') ? parts : undefined;
  },
};

/** Names of columns: tables have them with single spaces, whatever the file has. */
export const columns: OptionKind<string[]> = {
  ...names,
  parse: (given) => names.parse(given.replace(/\s+/g, ' ')),
};

export const column: OptionKind<string> = { ...text, parse: (given) => text.parse(given.trim().replace(/\s+/g, ' ')) };

/** Numbers with commas between them, each of one kind. */
export function numbers(kind: OptionKind<number>): OptionKind<number[]> {
  return {
    what: `numbers with commas between them, each ${kind.what}`,
    check: (value): value is number[] => Array.isArray(value) && value.length > 0 && value.every(kind.check),
    parse: (given) => {
      const values = given.split(',').map((part) => kind.parse(part));
      const known = values.filter((value) => value !== undefined);
      return known.length === values.length ? known : undefined;
    },
  };
}

export function oneOf<const Name extends string>(...choices: readonly Name[]): OptionKind<Name> {
  return {
    what: `one of ${choices.join(', ')}`,
    check: (value): value is Name => choices.some((choice) => choice === value),
    parse: (given) => choices.find((choice) => choice === given),
  };
}

/**
 * The options that a program gave, each checked.
 * @param where names the call, such as 'forecast'
 * @throws MemcellError (usage) for an unknown option and a value that does not fit
 */
export function checkOptions<O extends object>(table: OptionTable<O>, given: object, where: string): Partial<O> {
  const kinds = Object.fromEntries(
    Object.entries<TaskOption<unknown>>(table).map(([name, { kind }]) => [name, kind]),
  ) as OptionKinds<O>;
  return checkKinds(kinds, given, where);
}

type OptionKinds<O extends object> = { readonly [K in keyof O]-?: OptionKind<Exclude<O[K], undefined>> };

/** The same for options that no flag of the command line stands for. */
export function checkKinds<O extends object>(kinds: OptionKinds<O>, given: object, where: string): Partial<O> {
  const checked: Partial<O> = {};
  const known = Object.keys(kinds);
  for (const [name, value] of Object.entries(namedOptions(where, given))) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name as keyof O] : undefined;
    if (kind === undefined) {
      const takes = known.length > 0 ? `it takes ${known.join(', ')}` : 'it takes none';
      throw new MemcellError(`${where}: unknown option '${name}'; ${takes}`, { code: 'usage' });
    }
    if (!kind.check(value)) {
      throw new MemcellError(`${where}: ${name} must be ${kind.what}, not ${shown(value)}`, { code: 'usage' });
    }
    checked[name as keyof O] = value as O[keyof O];
  }
  return checked;
}
