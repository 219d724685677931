/** Checks named options, so that a misspelt or impossible one is an error and not silently nothing. */
import { usageError } from '../errors.js';
import { camelCase, type EitherSpelling, namedOptions } from '../spelling.js';
import * as kinds from '../valueKinds.js';

/** JSON values under names. */
export type Options = Record<string, unknown>;

const KINDS = {
  number: kinds.number,
  notNegative: kinds.notNegative,
  positive: kinds.positive,
  fraction: kinds.fraction,
  aboveZero: kinds.aboveZero,
  belowOne: kinds.belowOne,
  integer: kinds.integer,
  count: kinds.count,
  positiveCount: kinds.positiveCount,
  boolean: kinds.flag,
  string: kinds.text,
  strings: kinds.strings,
  numbers: kinds.listOf('a non-empty array of finite numbers', kinds.number),
  verbosity: kinds.oneOf(0, 1, 2),
  function: kinds.callable,
  signal: kinds.abortSignal,
  record: kinds.record,
  /** Checked by its owner. */
  other: kinds.anything,
} satisfies Record<string, kinds.ValueKind<unknown>>;

type Kind = keyof typeof KINDS;

/** The rule that a value must keep, with a question mark one that may also be null, or not be there; or the names of which it must be one. */
export type OptionRule = Kind | `${Kind}?` | readonly string[];

const RULES: Readonly<Record<string, kinds.ValueKind<unknown>>> = {
  ...KINDS,
  ...Object.fromEntries(
    Object.entries<kinds.ValueKind<unknown>>(KINDS).map(([name, rule]) => [`${name}?`, kinds.orNull(rule)]),
  ),
};

/**
 * The options, in either spelling, with the defaults where they say nothing, checked: every option must be listed in `rules`,
 * and every one of them must have a value that is one.
 *
 * @throws MemcellError ('usage') that names the owner, the option, the value and what it must be.
 */
export function complete<Defaults extends object, Given extends object>(
  owner: string,
  defaults: Defaults,
  given: EitherSpelling<Given>,
  rules: Readonly<Record<string, OptionRule>>,
): Defaults & Given {
  const config = { ...defaults, ...namedOptions(owner, given) };
  checkOptions(owner, config, rules);
  // Every option is one of the kinds, and its value fits.
  return config as Defaults & Given;
}

function checkOptions(owner: string, options: object, rules: Readonly<Record<string, OptionRule>>): void {
  const known = Object.keys(rules);
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(rules, name));
  if (unknown !== undefined) throw usageError(kinds.unknownOption(owner, unknown, known));
  for (const [name, rule] of Object.entries(rules)) {
    const value: unknown = Reflect.get(options, name);
    const { what, check } = typeof rule === 'string' ? RULES[rule] : kinds.oneOf(...rule);
    if (!check(value)) throw usageError(kinds.mustBe(`${owner}: ${name}`, what, value));
  }
}

/** A name in memcell's spelling, from Keras's function or class: 'mean_squared_error', 'MeanSquaredError' → 'meanSquaredError'. */
export function functionName(written: string): string {
  const joined = camelCase(written);
  return joined.charAt(0).toLowerCase() + joined.slice(1);
}
