import { usageError } from '../../errors.js';
import type { ColumnUse } from '../frame.js';
import type { Table } from '../table.js';
import { isNamedTime } from './chooseTime.js';
import { monthOfWord } from './monthNames.js';
import { candidates } from './notations.js';
import { quoted } from './wording.js';

/** As many columns of numbers named as times make a table whose rows are series. */
const fewest = 4;

/**
 * Told of a table that has a series in each row, with the times as names of columns (1990, 1991, …; Jan, Feb, …), when one
 * of these is to be forecast: how it is turned so that each row is a time.
 */
export function wideNotes(table: Table, uses: ReadonlyMap<string, ColumnUse>): string[] {
  const forecast = table.columns.some(({ name }) => isTime(name) && uses.get(name) === 'target');
  const turned = forecast ? turnedText(table) : undefined;
  return turned === undefined ? [] : [turned];
}

/** @throws MemcellError for a target that a table of such columns does not have: it may be what lies in all of them. */
export function refuseWide(table: Table, targets: readonly string[]): void {
  const names = new Set(table.columns.map(({ name }) => name));
  const unknown = targets.find((name) => !names.has(name));
  const turned = unknown === undefined ? undefined : turnedText(table);
  if (turned !== undefined) throw usageError(`${table.name}: no column ${unknown}; ${turned}`);
}

function turnedText(table: Table): string | undefined {
  const named = table.columns.filter(({ name }) => isTime(name));
  if (named.length < fewest || 2 * named.length < table.columns.length) return undefined;
  const [first, last] = [named[0].name, named[named.length - 1].name];
  const others = table.columns.filter((column) => !named.includes(column)).map(({ name }) => name);
  const months = monthOfWord(first, 'en') > 0;
  const name = months ? 'month' : quarterName.test(first) ? 'quarter' : 'time';
  const list = others.map((other) => `"${other.replaceAll('"', '""')}"`).join(', ');
  const on = `columns(*${others.length > 0 ? ` exclude (${list})` : ''})`;
  const groups = others.filter((other) => !isNamedTime(other));
  const group = groups.length > 0 ? ` --group ${quoted(groups[0])}` : '';
  const rows = groups.length === 0 && others.length > 0 ? 'part of one series' : 'a series of its own';
  return `the columns ${first} to ${last} are times, each row ${rows}; to forecast along them, turn the table: --sql 'unpivot data on ${on} into name ${name} value value' --forecast value${group}`;
}

const quarterName = /^q(?:tr ?)?[1-4]$/i;

function isTime(name: string): boolean {
  if (/^(1[5-9]|20|21)\d{2}$/.test(name) || monthOfWord(name, 'en') > 0 || quarterName.test(name)) return true;
  return /\d/.test(name) && name.length >= 6 && candidates(name).length > 0;
}
