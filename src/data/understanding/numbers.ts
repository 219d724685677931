import type { ColumnReading } from '../frame.js';

export type NumberReading = Extract<ColumnReading, { kind: 'number' }>;

/** A number as most programs write it. */
const plain = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

const currencies =
  'EUR|USD|GBP|CHF|JPY|CNY|RMB|INR|AUD|CAD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|RUB|TRY|BRL|MXN|ZAR|KRW|SGD|HKD|Rs\\.?|R\\$|kr\\.?|US\\$';

/** Sign, currency, sign, digits with separators, exponent, unit, closing bracket or sign after the number. */
const dressed = new RegExp(
  `^(?:(\\p{Sc}|${currencies})\\s*(?=\\())?(\\()?([+\\-−–])?(?:(\\p{Sc}|${currencies})\\s*)?([+\\-−–])?((?:\\d[\\d.,'’\\s_]*)?\\d|[.,]\\d+)([eE][+-]?\\d+)?\\s*([\\p{L}%‰°µ\\p{Sc}*†‡][^\\d]*[\\d²³]?)?(\\))?(-)?$`,
  'u',
);

/** Letters and words after a number that multiply it, where a column has several of them. */
const magnitudes: Record<string, number> = {
  K: 1e3,
  k: 1e3,
  M: 1e6,
  m: 1e6,
  B: 1e9,
  b: 1e9,
  T: 1e12,
  mn: 1e6,
  bn: 1e9,
  thousand: 1e3,
  million: 1e6,
  billion: 1e9,
  'Tsd.': 1e3,
  Tsd: 1e3,
  'Mio.': 1e6,
  Mio: 1e6,
  'Mrd.': 1e9,
  Mrd: 1e9,
};

/** A magnitude and a currency after a number: 1,2 Mio. € */
const magnitudeAndCurrency = new RegExp(
  `^(K|k|M|B|T|mn|bn|thousand|million|billion|(?:Tsd|Mio|Mrd)\\.?)\\s*(\\p{Sc}|${currencies})$`,
  'u',
);

const accountingZero = new RegExp(
  `^((?:\\p{Sc}|${currencies})\\s*)[-–—]+\\s*$|^[-–—]+(\\s*(?:\\p{Sc}|${currencies}))$`,
  'u',
);

/** What a cell that may hold a number says about its column's notation. */
interface Dressed {
  negative: boolean;
  body: string;
  exponent: string;
  /** A unit, a currency, or what multiplies the number. */
  unit: string;
}

/** What the separators of a column's cells say: how many can only be decimal, or only of thousands, or either. */
interface Evidence {
  decimal: Record<'.' | ',', number>;
  thousands: Record<'.' | ',', number>;
  either: Record<'.' | ',', number>;
  /** Cells for messages: one that could be either, one that is certain. */
  example: Record<'.' | ',', string>;
  /** Cells of digits only: how many, and of these those from 100 on. */
  whole: number;
  hundreds: number;
  /** Of whole numbers of less than four digits one, and one that has four or more. */
  small: string;
  large: string;
  other: Set<string>;
}

export type NumberNotation =
  /** `marks`: letters and stars after some of the numbers that say something of them, such as 'p' for provisional. */
  | { reading: NumberReading; misfits: number; fits: number; marks?: string[] }
  /** Two cells that leave it open whether a separator is decimal. */
  | { ambiguous: [string, string]; separator: '.' | ','; fits: number; misfits: number };

export interface NumberOptions {
  decimal?: '.' | ',';
  /** What the other columns of the file say. */
  fileDecimal?: '.' | ',';
  /** Whether cells are separated by semicolons, as where commas are decimal. */
  semicolons: boolean;
  isMissing(cell: string): boolean;
}

/**
 * How a column of texts writes numbers, decided by all of its cells: 1.070 beside 987 is 1070, beside 98.78 it is 1.07.
 * Undefined when half of the cells or more are no numbers.
 */
export function numberNotation(
  cells: readonly string[],
  rows: ArrayLike<number>,
  options: NumberOptions,
): NumberNotation | undefined {
  const { isMissing } = options;
  const evidence = newEvidence();
  const units = new Map<string, number>();
  let [fits, misfits] = [0, 0];
  for (let i = 0; i < rows.length; i++) {
    const cell = cells[rows[i]];
    if (plain.test(cell)) {
      fits++;
      // One decimal point that is certain settles the column; only other notations are looked for from there on.
      if (evidence.decimal['.'] === 0) weigh(cell.includes('.') ? mantissa(cell) : cell, cell, evidence);
      continue;
    }
    if (isMissing(cell)) continue;
    const parts = undress(cell);
    if (parts === undefined) {
      misfits++;
      // A column of texts is one after the first few hundred of them.
      if (misfits > 300 && misfits > 3 * fits) return undefined;
      continue;
    }
    fits++;
    units.set(parts.unit, (units.get(parts.unit) ?? 0) + 1);
    weigh(parts.body, cell, evidence);
  }
  if (fits === 0 || misfits >= fits) return undefined;
  const marks = footnotes(units);
  const unit = marks === undefined ? unitOf(units) : '';
  if (unit === undefined) return undefined;
  const settled = settle(evidence, options);
  if (typeof settled !== 'object') {
    const example = evidence.example[settled];
    const partner = [evidence.small, evidence.large].find((cell) => cell !== '') ?? example;
    return { ambiguous: [example, partner], separator: settled, fits, misfits };
  }
  const reading: NumberReading = { kind: 'number', decimal: settled.decimal };
  if (settled.thousands !== undefined) reading.thousands = settled.thousands;
  if (unit !== '') reading.unit = unit;
  return { reading, fits, misfits, ...(marks && { marks }) };
}

/** The decimal separator that the cells of a file's columns leave no doubt about, if all that say so agree. */
export function certainDecimal(cells: readonly string[], rows: ArrayLike<number>): '.' | ',' | undefined {
  const evidence = newEvidence();
  const stride = Math.max(1, Math.floor(rows.length / 2000));
  for (let i = 0; i < rows.length; i += stride) {
    const parts = undress(cells[rows[i]]);
    if (parts !== undefined) weigh(parts.body, cells[rows[i]], evidence);
  }
  const point = evidence.decimal['.'] > 0 || evidence.thousands[','] > 0;
  const comma = evidence.decimal[','] > 0 || evidence.thousands['.'] > 0;
  if (point === comma) return undefined;
  return point ? '.' : ',';
}

/** Reads numbers in one notation; NaN for a cell that is none. */
export function numberParser({ decimal, thousands, unit }: NumberReading): (cell: string) => number {
  const dotted = decimal === '.' && thousands !== '.';
  const separator = thousands === ' ' ? /[\s_]/g : thousands === "'" ? /['’]/g : undefined;
  const several = isMagnitudes(unit);
  return (cell) => {
    if (dotted && plain.test(cell)) return Number(cell);
    const parts = undress(cell);
    if (parts === undefined) return Number.NaN;
    let { body } = parts;
    if (separator !== undefined) body = body.replace(separator, '');
    if (thousands === '.' || thousands === ',') {
      const groups =
        thousands === '.' ? /^\d{1,3}(?:\.\d{2,3})*\.\d{3}(?![\d.])/ : /^\d{1,3}(?:,\d{2,3})*,\d{3}(?![\d,])/;
      if (body.includes(thousands)) {
        if (!groups.test(body)) return Number.NaN;
        body = body.replaceAll(thousands, '');
      }
    }
    if (decimal === ',') {
      if (body.includes('.')) return Number.NaN;
      body = body.replace(',', '.');
    }
    const value = plain.test(body) ? Number(body + parts.exponent) : Number.NaN;
    const factor = several ? (magnitudes[parts.unit] ?? 1) : 1;
    return parts.negative ? -value * factor : value * factor;
  };
}

/** 'number', 'number, thousands 1.070', 'number, 98,78 kWh': how a column's numbers are read, for people. */
export function describeNumber({ decimal, thousands, unit }: NumberReading): string {
  const notes: string[] = [];
  if (decimal === ',') notes.push('decimal comma');
  if (thousands !== undefined) notes.push(`thousands 1${thousands}000`);
  if (unit !== undefined) notes.push(isMagnitudes(unit) ? `times ${unit}` : `in ${unit}`);
  return ['number', ...notes].join(', ');
}

function undress(cell: string): Dressed | undefined {
  const match = dressed.exec(plainly(cell));
  if (match === null) return undefined;
  const [, first, open, before, second, inner, body, exponent = '', behind = '', close, after] = match;
  if ((open === undefined) !== (close === undefined)) return undefined;
  const sign = before ?? inner ?? after;
  if ([before, inner, after].filter((one) => one !== undefined).length > 1) return undefined;
  const negative = open !== undefined || (sign !== undefined && sign !== '+');
  const currency = first ?? second;
  const suffix = behind.trim();
  const [, magnitude = suffix, coin = currency] = magnitudeAndCurrency.exec(suffix) ?? [];
  const unit = Object.hasOwn(magnitudes, magnitude) && coin !== undefined ? magnitude : (currency ?? suffix);
  return { negative, body, exponent, unit };
}

/**
 * A cell as far as it is a number: without the blanks that a quoted one has, Excel's ="12.5" and '12.5 for texts, the dash of
 * a price without cents (12.–); a dash beside a currency is what accountants write for 0.
 */
function plainly(cell: string): string {
  if (/^[\d.,-]+$/.test(cell) && !cell.endsWith('-')) return cell;
  let text = cell
    .trim()
    .replace(/^="(.*)"$/, '$1')
    .replace(/^['’](?=[\d.,+-])/, '');
  if (/[０-９]/.test(text)) text = text.normalize('NFKC');
  return text
    .replace(/(\d)[.,][-–—]+(?=\s|\p{Sc}|$)/u, '$1')
    .replace(accountingZero, (_, before = '', after = '') => `${before}0${after}`);
}

function mantissa(cell: string): string {
  return cell.replace(/^[+-]|[eE].*$/g, '');
}

function newEvidence(): Evidence {
  return {
    decimal: { '.': 0, ',': 0 },
    thousands: { '.': 0, ',': 0 },
    either: { '.': 0, ',': 0 },
    example: { '.': '', ',': '' },
    whole: 0,
    hundreds: 0,
    small: '',
    large: '',
    other: new Set(),
  };
}

/** Adds what one cell's digits and separators say. */
function weigh(body: string, cell: string, evidence: Evidence): void {
  let digits = body;
  if (!/[.,\s_'’]/.test(body)) {
    const length = body.length - (body[0] === '-' || body[0] === '+' ? 1 : 0);
    evidence.whole++;
    if (length === 3) evidence.hundreds++;
    if (length > 3) evidence.large ||= cell;
    else if (length > evidence.small.length) evidence.small = cell;
    return;
  }
  if (/[\s_'’]/.test(body)) {
    evidence.other.add(/['’]/.test(body) ? "'" : ' ');
    digits = body.replace(/[\s_'’]/g, '');
  }
  const grouped = digits !== body;
  const dot = digits.lastIndexOf('.');
  const comma = digits.lastIndexOf(',');
  if (dot < 0 && comma < 0) return;
  if (dot >= 0 && comma >= 0) {
    evidence.decimal[dot > comma ? '.' : ',']++;
    evidence.thousands[dot > comma ? ',' : '.']++;
    return;
  }
  const separator = dot >= 0 ? '.' : ',';
  const at = Math.max(dot, comma);
  if (digits.indexOf(separator) !== at) evidence.thousands[separator]++;
  else if (digits.length - at - 1 !== 3 || at < 1 || at > 3 || digits[0] === '0' || grouped)
    evidence.decimal[separator]++;
  else {
    evidence.either[separator]++;
    evidence.example[separator] ||= cell;
  }
}

/** The notation, or the separator that nothing settles. */
function settle(evidence: Evidence, options: NumberOptions): { decimal: '.' | ','; thousands?: string } | '.' | ',' {
  const { decimal, thousands, either, other } = evidence;
  const uses = (separator: '.' | ',') => decimal[separator] + thousands[separator] + either[separator] > 0;
  const with_ = (point: '.' | ',') => {
    const rest = point === '.' ? ',' : '.';
    const group = uses(rest) ? rest : [...other][0];
    return { decimal: point, ...(group !== undefined && { thousands: group }) };
  };
  const point = decimal['.'] > 0 || thousands[','] > 0;
  const comma = decimal[','] > 0 || thousands['.'] > 0;
  if (options.decimal !== undefined && point === comma) return with_(options.decimal);
  if (point) return with_(decimal[','] > decimal['.'] ? ',' : '.');
  if (comma) return with_(',');
  const open = either['.'] > 0 ? '.' : either[','] > 0 ? ',' : undefined;
  if (open === undefined) return with_('.');
  const rest = open === '.' ? ',' : '.';
  if (either['.'] > 0 && either[','] > 0) return open;
  if (options.fileDecimal !== undefined) return with_(options.fileDecimal);
  // Numbers around a thousand: those below it are of three digits, and none has four without a separator.
  if (evidence.hundreds > evidence.whole / 2 && evidence.large === '') return with_(rest);
  if (evidence.large !== '') return with_(open);
  if (!options.semicolons) return with_('.');
  return open;
}

/** Stars after numbers, or several small letters after some of them: no units. */
function footnotes(units: ReadonlyMap<string, number>): string[] | undefined {
  const names = [...units.keys()].filter((unit) => unit !== '');
  const stars = names.filter((name) => /^[*†‡]+$/.test(name));
  if (names.length === 0 || !names.every((name) => stars.includes(name) || /^[a-z]$/.test(name))) return undefined;
  return stars.length > 0 || names.length > 1 ? names.sort() : undefined;
}

/** The one unit of a column; the letters K, M, B where it has several; undefined when units differ. */
function unitOf(units: ReadonlyMap<string, number>): string | undefined {
  const names = [...units.keys()].filter((unit) => unit !== '');
  if (names.length === 0) return '';
  if (names.length === 1) return names[0];
  return names.every((name) => Object.hasOwn(magnitudes, name)) ? [...names].sort().join(', ') : undefined;
}

/** Whether a column's unit is what multiplies: several such as K and M, or one that is no unit as well (m, b, T, Mio.). */
export function isMagnitudes(unit: string | undefined): boolean {
  if (unit === undefined) return false;
  const names = unit.split(', ');
  return names.length === 1 ? /^[KkMB]$/.test(unit) : names.every((name) => Object.hasOwn(magnitudes, name));
}
