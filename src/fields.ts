import { modelError } from './errors.js';

/** Reads the fields of an object that came out of a file, each checked before it is used. */
export class Fields {
  private readonly values: Record<string, unknown>;

  /** @throws MemcellError (model) when the value is not an object. */
  constructor(
    value: unknown,
    private readonly where: string,
  ) {
    if (!isRecord(value)) {
      throw modelError(`${where} is damaged: not an object; train the model again`);
    }
    this.values = { ...value };
  }

  string(key: string): string {
    const value = this.values[key];
    return typeof value === 'string' ? value : this.damaged(key, 'text');
  }

  oneOf<Name extends string>(key: string, names: readonly Name[]): Name {
    const value = this.values[key];
    return names.find((name) => name === value) ?? this.damaged(key, `one of ${names.join(', ')}`);
  }

  number(key: string): number {
    const value = this.values[key];
    return isNumber(value) ? value : this.damaged(key, 'a finite number');
  }

  /** A whole number of at least `least`. */
  integer(key: string, least: number): number {
    const value = this.values[key];
    return isNumber(value) && Number.isInteger(value) && value >= least
      ? value
      : this.damaged(key, `a whole number of at least ${least}`);
  }

  /** Different texts, at least `least` of them. */
  names(key: string, least: number): string[] {
    const value = this.values[key];
    const texts = Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
    const fits = Array.isArray(value) && texts.length === value.length && new Set(texts).size === texts.length;
    return fits && texts.length >= least ? texts : this.damaged(key, `${least} or more different texts`);
  }

  /** Texts, which may be alike. */
  texts(key: string): string[] {
    const value = this.values[key];
    const texts = Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
    return Array.isArray(value) && texts.length === value.length ? texts : this.damaged(key, 'texts');
  }

  /** Finite numbers, `count` of them when given. */
  numbers(key: string, count?: number): number[] {
    const value = this.values[key];
    const numbers = Array.isArray(value) ? value.filter(isNumber) : [];
    const fits =
      Array.isArray(value) && numbers.length === value.length && (count ?? numbers.length) === numbers.length;
    return fits ? numbers : this.damaged(key, count === undefined ? 'finite numbers' : `${count} finite numbers`);
  }

  /** A list of anything. */
  list(key: string): unknown[] {
    const value = this.values[key];
    return Array.isArray(value) ? value : this.damaged(key, 'a list');
  }

  boolean(key: string): boolean {
    const value = this.values[key];
    return typeof value === 'boolean' ? value : this.damaged(key, 'true or false');
  }

  booleans(key: string, count: number): boolean[] {
    const value = this.values[key];
    const flags = Array.isArray(value) ? value.filter((item) => typeof item === 'boolean') : [];
    const fits = Array.isArray(value) && value.length === count && flags.length === count;
    return fits ? flags : this.damaged(key, `${count} times true or false`);
  }

  /** A list of objects, at least `least` of them. */
  objects(key: string, least = 0): Fields[] {
    const value = this.values[key];
    if (!Array.isArray(value) || value.length < least) return this.damaged(key, `a list of ${least} or more`);
    return value.map((item, i) => new Fields(item, `${this.where}.${key}[${i}]`));
  }

  /** Lists of finite numbers, `count` of them. */
  lists(key: string, count: number): number[][] {
    const value = this.values[key];
    if (!Array.isArray(value) || value.length !== count) return this.damaged(key, `${count} lists of numbers`);
    const named = new Fields(Object.fromEntries(value.entries()), `${this.where}.${key}`);
    return value.map((_, i) => named.numbers(String(i)));
  }

  /** An object of lists of numbers. */
  series(key: string): Record<string, number[]> {
    const value = this.object(key);
    return Object.fromEntries(Object.keys(value.values).map((name) => [name, value.numbers(name)]));
  }

  /** An object whose fields its owner checks. */
  record(key: string): Record<string, unknown> {
    return this.object(key).values;
  }

  /** Where a field stands, for messages. */
  path(key: string): string {
    return `${this.where}.${key}`;
  }

  object(key: string): Fields {
    return new Fields(this.values[key], `${this.where}.${key}`);
  }

  /** What `read` gives, or undefined when the field is not there. */
  optional<T>(key: string, read: (fields: Fields) => T): T | undefined {
    return this.values[key] === undefined ? undefined : read(this);
  }

  damaged(key: string, expected: string): never {
    throw modelError(`${this.where}.${key} is damaged: must be ${expected}; train the model again`);
  }
}

export function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/** An object that is no list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
