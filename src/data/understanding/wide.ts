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
  const named = table.columns.filter(({ name }) => isTime(name));
  const forecast = named.some(({ name }) => uses.get(name) === 'target');
  if (!forecast || named.length < fewest || 2 * named.length < table.columns.length) return [];
  const [first, last] = [named[0].name, named[named.length - 1].name];
  const others = table.columns.filter((column) => !named.includes(column)).map(({ name }) => name);
  const months = monthOfWord(first, 'en') > 0;
  const name = months ? 'month' : 'time';
  const list = others.map((other) => `"${other.replaceAll('"', '""')}"`).join(', ');
  const on = `columns(*${others.length > 0 ? ` exclude (${list})` : ''})`;
  const groups = others.filter((other) => !isNamedTime(other));
  const group = groups.length > 0 ? ` --group ${quoted(groups[0])}` : '';
  return [
    `the columns ${first} to ${last} are times, each row a series of its own; to forecast along them, turn the table: --sql 'unpivot data on ${on} into name ${name} value value' --forecast value${group}`,
  ];
}

function isTime(name: string): boolean {
  if (/^(1[5-9]|20|21)\d{2}$/.test(name) || monthOfWord(name, 'en') > 0) return true;
  return /\d/.test(name) && name.length >= 6 && candidates(name).length > 0;
}
