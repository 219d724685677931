/** Reads the values of options and arguments. What does not fit is wrong usage, told with the option's name. */
import { InvalidArgumentError } from 'commander';

function parseNumber(text: string): number {
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value)) throw new InvalidArgumentError('It is not a number.');
  return value;
}

/** A whole number of at least 1. */
export function parseCount(text: string): number {
  const value = parseNumber(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError('It must be a whole number of at least 1.');
  }
  return value;
}

export function parseInteger(text: string): number {
  const value = parseNumber(text);
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('It must be a whole number.');
  return value;
}

export function parsePositive(text: string): number {
  const value = parseNumber(text);
  if (value <= 0) throw new InvalidArgumentError('It must be above 0.');
  return value;
}

/** In [0, 1). */
export function parseShare(text: string): number {
  const value = parseNumber(text);
  if (value < 0 || value >= 1) throw new InvalidArgumentError('It must be at least 0 and below 1.');
  return value;
}

/** '32,50,16,64' → [32, 50, 16, 64]; `count` of them when given. */
export function parseSizes(text: string, count?: number): number[] {
  const sizes = text.split(',').map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : 0));
  if (!sizes.every((size) => size > 0 && size < 2 ** 31) || (count ?? sizes.length) !== sizes.length) {
    throw new InvalidArgumentError(
      `It must be ${count ?? ''} whole numbers above 0 with commas between them.`.replace('  ', ' '),
    );
  }
  return sizes;
}
