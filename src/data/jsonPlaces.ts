import { MemcellError } from '../errors.js';
import { list } from './suggest.js';

/** Deeper than this no rows are looked for. */
export const deepest = 4;
/** Rows under keys that are taken for rows, at least. */
export const fewestKeyed = 3;

/** Whether a key is a date: 2020-01-01, 2020-01-01 12:00. */
export function isDateKey(key: string): boolean {
  return /^\d{4}-\d{2}(-\d{2}.{0,25})?$/.test(key);
}

/** Members of an object that are remembered: one of more is a dictionary, no document around rows. */
const mostMembers = 10_000;
/** Characters of an array of names that are kept. */
const longestNames = 2 ** 20;

/** Where the rows of a JSON document are. */
interface Place {
  path: string[];
  /** Other places that could hold rows. */
  others: string[];
}

/** Columns side by side, each an array: characters before its opening bracket. */
export interface ColumnsPlace extends Place {
  columns: readonly { name: string; at: number }[];
}

/** An array of a JSON document that holds its rows. */
export interface RowsPlace extends Place {
  /** Characters before its opening bracket. */
  at: number;
  /** The columns' names, where they stand beside an array of arrays. */
  header?: string[];
}

/**
 * The array, or the arrays side by side, that `parseJson` takes the rows from, found without holding the document: what is
 * inside arrays is only counted.
 * @returns undefined where rows are under keys, or nowhere: such a document is read whole
 * @throws MemcellError for a text that ends within the document or goes on after it
 */
export async function rowsPlace(
  blocks: AsyncIterable<string>,
  name: string,
): Promise<RowsPlace | ColumnsPlace | undefined> {
  const scan = new Scan(name);
  for await (const block of blocks) scan.read(block);
  const root = scan.end();
  if (scan.crowded) return undefined;
  const found: Found[] = [];
  find(root, found);
  if (found.length === 0) return undefined;
  const size = ({ rows, array }: Found) => rows + (array === undefined || array.first !== undefined ? 0.5 : 0);
  const largest = found.reduce((best, one) => (size(one) > size(best) ? one : best));
  const place = {
    path: largest.path,
    others: found.filter((one) => one !== largest).map(({ path }) => path.join('.')),
  };
  if (largest.array === undefined) return largest.columns && { ...place, columns: largest.columns };
  return {
    ...place,
    at: largest.array.at,
    ...(largest.header && { header: largest.header }),
  };
}

/** Said of rows that stand under a key. */
export function placeNote(path: readonly string[], others: readonly string[]): string {
  const beside = others.length === 0 ? '' : `, the longest of ${others.length + 1} (not ${list(others, 5)})`;
  return `rows are those under ${path.join('.')}${beside}`;
}

/** What is remembered of an array or an object. */
interface Container {
  kind: 'array' | 'object';
  at: number;
  path: string[];
  /** Elements, or members. */
  rows: number;
  /** What the first element is, where it is no single value. */
  first?: 'array' | 'object';
  /** Elements of the first element. */
  width: number;
  /** Whether all are single values. */
  flat: boolean;
  /** Of an object: whether all keys are numbers, as the row names of pandas are, and the members that are no single values. */
  numbered: boolean;
  /** Whether all keys are dates. */
  dated: boolean;
  members: Map<string, Container>;
  /** The text of an array that may name columns. */
  names?: string | undefined;
}

interface Found {
  path: string[];
  rows: number;
  /** Undefined for columns side by side. */
  array?: Container;
  columns?: { name: string; at: number }[];
  header?: string[];
}

const codes = { quote: 34, comma: 44, colon: 58, open: 91, escape: 92, close: 93, openObject: 123, closeObject: 125 };

class Scan {
  /** Whether an object has too many members to remember. */
  crowded = false;
  private root: Container | undefined;
  private readonly open: Container[] = [];
  /** Brackets open in an element of an array, or deeper than rows are looked for. */
  private inside = 0;
  private quoted = false;
  private escaped = false;
  /** The last string of an object, as it is written, and the key that it was. */
  private text = '';
  private key = '';
  private before = 0;

  constructor(private readonly name: string) {}

  read(block: string): void {
    for (let i = 0; i < block.length; i++) {
      const code = block.charCodeAt(i);
      const top = this.inside > 0 ? undefined : this.open.at(-1);
      if (top?.names !== undefined) top.names = top.names.length < longestNames ? top.names + block[i] : undefined;
      if (this.quoted) this.goOn(code, top?.kind === 'object' ? block[i] : '');
      else if (code === codes.quote) this.beginText(top);
      else if (code === codes.open) this.begin('array', this.before + i);
      else if (code === codes.openObject) this.begin('object', this.before + i);
      else if (code === codes.close || code === codes.closeObject) this.finish();
      else if (top !== undefined) this.count(top, code);
      else if (this.inside === 1 && code === codes.comma) this.widen();
      else if (this.inside === 0 && code > 32) throw this.more(block.slice(i, i + 40));
    }
    this.before += block.length;
  }

  /** @throws MemcellError for a document that is not at its end */
  end(): Container {
    if (this.root !== undefined && this.open.length === 0) return this.root;
    throw new MemcellError(`${this.name}: ends within its JSON; it may be cut off`);
  }

  private beginText(top: Container | undefined): void {
    this.quoted = true;
    this.text = '';
    if (top?.kind === 'array' && top.rows === 0) top.rows = 1;
  }

  private goOn(code: number, character: string): void {
    if (this.escaped) this.escaped = false;
    else if (code === codes.escape) this.escaped = true;
    else if (code === codes.quote) {
      this.quoted = false;
      return;
    }
    this.text += character;
  }

  private count(top: Container, code: number): void {
    if (top.kind === 'array') {
      if (code === codes.comma) top.rows++;
      else if (top.rows === 0 && code > 32) top.rows = 1;
    } else if (code === codes.colon) {
      this.key = keyOf(this.text);
      top.rows++;
      top.numbered &&= /^\d+$/.test(this.key);
      top.dated &&= isDateKey(this.key);
    }
  }

  private widen(): void {
    const top = this.open.at(-1);
    if (top?.rows === 1 && top.first === 'array') top.width++;
  }

  private begin(kind: Container['kind'], at: number): void {
    if (this.inside > 0) {
      this.inside++;
      return;
    }
    const top = this.open.at(-1);
    if (top === undefined && this.root !== undefined) throw this.more(kind === 'array' ? '[' : '{');
    if (top !== undefined) top.flat = false;
    if (top?.kind === 'array' && top.rows === 0) {
      top.rows = 1;
      top.first = kind;
    }
    const path = top === undefined ? [] : [...top.path, this.key];
    if (top?.kind === 'array' || path.length > deepest + 1) {
      this.inside = 1;
      return;
    }
    const made: Container = {
      kind,
      at,
      path,
      rows: 0,
      width: 1,
      flat: true,
      numbered: true,
      dated: true,
      members: new Map(),
    };
    if (kind === 'array' && this.key === 'columns') made.names = '[';
    this.root ??= made;
    this.open.push(made);
    if (top === undefined) return;
    if (top.members.size < mostMembers) top.members.set(this.key, made);
    else this.crowded = true;
  }

  private finish(): void {
    if (this.inside > 0) this.inside--;
    else if (this.open.pop() === undefined) throw this.more(']');
  }

  private more(text: string): MemcellError {
    if (this.root === undefined) return new MemcellError(`${this.name}: is not JSON: it begins with '${text}'`);
    return new MemcellError(`${this.name}: '${text.trim()}' stands after the end of its JSON; remove it`);
  }
}

/** A key as it is written between its quotes. */
function keyOf(text: string): string {
  try {
    return String(JSON.parse(`"${text}"`));
  } catch {
    return text;
  }
}

/** As `parseJson` looks for rows in a document that it holds. */
function find(container: Container, found: Found[]): void {
  const { kind, path, rows, members } = container;
  if (kind === 'array') {
    if (rows > 0) found.push({ path, rows, array: container });
    return;
  }
  const columns = columnRows(container);
  if (columns !== undefined) {
    const lists = [...members].map(([name, { at }]) => ({ name: name.trim(), at }));
    const arrays = [...members.values()].every(({ kind }) => kind === 'array');
    found.push({ path, rows: columns, ...(arrays && { columns: lists }) });
    return;
  }
  if (isKeyed(container)) {
    found.push({ path, rows });
    return;
  }
  if (path.length === deepest) return;
  const [names, data] = [members.get('columns'), members.get('data')];
  const named = data?.kind === 'array' && data.first === 'array' ? namesOf(names) : undefined;
  const header = named?.length === data?.width ? named : undefined;
  for (const [key, member] of members) {
    if (key === 'data' && header !== undefined) {
      found.push({ path: member.path, rows: member.rows, array: member, header });
    } else if (key !== 'columns' || header === undefined) find(member, found);
  }
}

/** The length of columns of single values side by side, as lists or as pandas writes them; undefined where an object is something else. */
function columnRows({ members, rows }: Container): number | undefined {
  const columns = [...members.values()];
  const length = columns.at(0)?.rows;
  const dictionary = columns.some(({ kind }) => kind === 'object');
  if (dictionary && members.size < rows) return undefined;
  const fits = (one: Container) =>
    one.flat && one.rows > 0 && one.rows === length && (one.kind === 'array' || one.numbered || one.dated);
  return columns.every(fits) ? length : undefined;
}

/** Whether an object holds rows under keys. */
function isKeyed({ members, rows, dated, flat }: Container): boolean {
  if (rows < fewestKeyed) return false;
  if (flat) return dated;
  return (
    members.size === rows &&
    [...members.values()].every(({ kind, flat, rows }) => kind === 'object' && flat && rows > 0)
  );
}

function namesOf(container: Container | undefined): string[] | undefined {
  if (container?.names === undefined) return undefined;
  try {
    const names: unknown = JSON.parse(container.names);
    return Array.isArray(names) && names.every((name) => typeof name === 'string') ? names : undefined;
  } catch {
    return undefined;
  }
}
