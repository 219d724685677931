/** Keras's names in both spellings, snake_case as in Python and camelCase as here; options under either, and values as errors show them. */
import { usageError } from './errors.js';

/** 'return_sequences' → 'returnSequences', 'beta_1' → 'beta1'; names without underscores stay as they are. */
export function camelCase(name: string): string {
  return name.replace(/_+([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** 'returnSequences' → 'return_sequences' */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter, at: number) => `${at > 0 ? '_' : ''}${letter.toLowerCase()}`);
}

/** For the types of names. */
export type Digit = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9';
export type IsCapital<Letter extends string> = Letter extends Lowercase<Letter> ? false : true;

/** 'meanSquaredError' → 'mean_squared_error', as Keras names functions. */
export type SnakeName<Name extends string> = Name extends `${infer Letter}${infer Rest}`
  ? `${IsCapital<Letter> extends true ? '_' : ''}${Lowercase<Letter>}${SnakeName<Rest>}`
  : Name;

/** 'batchSize' → 'batch_size', 'beta1' → 'beta_1', as Keras names arguments. */
export type SnakeOption<Name> = Name extends `${infer Letter}${infer Rest}`
  ? `${Letter extends Digit ? '_' : IsCapital<Letter> extends true ? '_' : ''}${Lowercase<Letter>}${SnakeOption<Rest>}`
  : Name;

/** A name from a table in camelCase, in Keras's snake_case, or as the name of Keras's class. */
export type Spelling<Name extends string> = Name | SnakeName<Name> | Capitalize<Name>;

/** Options under memcell's names or under Keras's: batchSize or batch_size. */
export type EitherSpelling<Options> = Options | { [Name in keyof Options as SnakeOption<Name>]: Options[Name] };

/** A value as an error shows it, on one line and short. Of any value, also one that is not JSON. */
export function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (ArrayBuffer.isView(value)) return `a ${value.constructor.name}`;
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? quoted(value) : String(value);
  if ('getClassName' in value && typeof value.getClassName === 'function')
    return `a ${value.getClassName()}${'computeOutputShape' in value ? ' layer' : ''}`;
  try {
    return short(JSON.stringify(value) ?? 'an object');
  } catch {
    // What holds itself or a bigint.
    return Array.isArray(value) ? 'a list' : 'an object';
  }
}

function quoted(text: string): string {
  return short(JSON.stringify(text));
}

/** A text that somebody gave, as an error shows it. */
export function short(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/**
 * What was given as options, under memcell's names; those that are undefined are not given.
 * @param owner names the call in errors: 'fit'
 * @throws MemcellError 'usage' for what is no object of options, and for an option in both spellings
 */
export function namedOptions<Options extends object = Record<string, unknown>>(
  owner: string,
  given: EitherSpelling<Options> | undefined,
): Partial<Options>;
export function namedOptions(owner: string, given: unknown): Record<string, unknown>;
export function namedOptions(owner: string, given: unknown): Record<string, unknown> {
  if (given === undefined) return {};
  if (typeof given !== 'object' || given === null || Array.isArray(given) || ArrayBuffer.isView(given)) {
    throw usageError(`${owner}: the options must be an object, not ${shown(given)}`);
  }
  const named: Record<string, unknown> = {};
  for (const [written, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const name = camelCase(written);
    if (Object.hasOwn(named, name)) {
      const twice = Object.keys(given).find((other) => camelCase(other) === name);
      throw usageError(`${owner}: ${name} is given twice, as ${twice} and as ${written}; leave one out`);
    }
    named[name] = value;
  }
  return named;
}
