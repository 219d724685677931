/** Reads the values of options and arguments. What does not fit is wrong usage, told with the option's name. */
import { InvalidArgumentError } from 'commander';
import { count, integer, type OptionKind, positive, share, text } from '../tasks/options.js';

/** Reads a value as one of the kinds of the tasks' options. */
export function parseWith<T>(kind: OptionKind<T>): (text: string) => T {
  return (text) => {
    const value = kind.parse(text);
    if (value === undefined) throw new InvalidArgumentError(`It must be ${kind.what}.`);
    return value;
  };
}

export const parseCount = parseWith(count);
export const parseInteger = parseWith(integer);
export const parsePositive = parseWith(positive);
export const parseShare = parseWith(share);
export const parsePath = parseWith({ ...text, what: 'a path' });

/** 30, 30s, 5min, 1h: seconds. */
export function parseDuration(text: string): number {
  const match = /^(.*?)\s*(s|min|m|h)?$/i.exec(text.trim());
  const unit = { s: 1, m: 60, min: 60, h: 3600 }[match?.[2]?.toLowerCase() ?? 's'] ?? 1;
  return parsePositive(match?.[1] ?? text) * unit;
}

/** '32,50,16,64' → [32, 50, 16, 64]; `wanted` of them when given. */
export function parseSizes(text: string, wanted?: number): number[] {
  const sizes = text.split(',').map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : 0));
  if (!sizes.every((size) => size > 0 && size < 2 ** 31) || (wanted ?? sizes.length) !== sizes.length) {
    throw new InvalidArgumentError(
      `It must be ${wanted ?? ''} whole numbers above 0 with commas between them.`.replace('  ', ' '),
    );
  }
  return sizes;
}

/** One more B,T,I,U of an option that may be given again. */
export function addShape(text: string, shapes: number[][] = []): number[][] {
  return [...shapes, parseSizes(text, 4)];
}

/** A path as a shell takes it. */
export function quoted(path: string): string {
  return /^[\w./:@%+=-]+$/.test(path) ? path : JSON.stringify(path);
}
