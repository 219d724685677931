import type { DataInput } from '../data/source.js';
import { usageError } from '../errors.js';
import { namedOptions } from '../spelling.js';
import * as kinds from '../valueKinds.js';
import type { Range } from './ranges.js';

/** What an option takes: one check for the command line, which gives text, and for code, which gives values. */
export interface OptionKind<T> extends kinds.ValueKind<T> {
  /** The value of a text of the command line, or undefined when it is none. */
  parse(text: string): T | undefined;
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

function written(kind: kinds.ValueKind<number>): OptionKind<number> {
  return {
    ...kind,
    parse: (text) => {
      const value = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : Number.NaN;
      return kind.check(value) ? value : undefined;
    },
  };
}

export const count = written(kinds.positiveCount);
export const integer = written(kinds.integer);
export const positive = written(kinds.positive);
export const atLeast0 = written(kinds.notNegative);
export const share = written(kinds.belowOne);
export const probability = written(kinds.aboveZero);

/** An option that is there or not. */
export const flag: OptionKind<boolean> = {
  ...kinds.flag,
  parse: (text) => (text === 'true' || text === 'false' ? text === 'true' : undefined),
};

export const text: OptionKind<string> = {
  ...kinds.text,
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
  ...kinds.listOf('names with commas between them', kinds.text),
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
    ...kinds.listOf(`numbers with commas between them, each ${kind.what}`, kind),
    parse: (given) => {
      const values = given.split(',').map((part) => kind.parse(part));
      const known = values.filter((value) => value !== undefined);
      return known.length === values.length ? known : undefined;
    },
  };
}

export function oneOf<const Name extends string>(...choices: readonly Name[]): OptionKind<Name> {
  return {
    ...kinds.oneOf(...choices),
    parse: (given) => choices.find((choice) => choice === given),
  };
}

/**
 * The options that a program gave, each checked.
 * @param where names the call, such as 'forecast'
 * @throws MemcellError (usage) for an unknown option and a value that does not fit
 */
export function checkOptions<O extends object>(table: OptionTable<O>, given: object, where: string): Partial<O> {
  const taken = Object.entries<TaskOption<unknown>>(table).map(([name, { kind }]) => [name, kind]);
  return checkKinds(Object.fromEntries(taken) as OptionKinds<O>, given, where);
}

type OptionKinds<O extends object> = { readonly [K in keyof O]-?: OptionKind<Exclude<O[K], undefined>> };

/** The same for options that no flag of the command line stands for. */
export function checkKinds<O extends object>(taken: OptionKinds<O>, given: object, where: string): Partial<O> {
  const checked: Partial<O> = {};
  const known = Object.keys(taken);
  for (const [name, value] of Object.entries(namedOptions(where, given))) {
    const kind = Object.hasOwn(taken, name) ? taken[name as keyof O] : undefined;
    if (kind === undefined) throw usageError(kinds.unknownOption(where, name, known));
    if (!kind.check(value)) throw usageError(kinds.mustBe(`${where}: ${name}`, kind.what, value));
    checked[name as keyof O] = value as O[keyof O];
  }
  return checked;
}
