import type { Figure } from './draw.js';

/** Text that is HTML already, and the figures in it. */
export class Html {
  constructor(
    readonly text: string,
    readonly figures: readonly Figure[] = [],
  ) {}

  toString(): string {
    return this.text;
  }
}

export type Part = Html | string | number | undefined | false | readonly Part[];

/** HTML of a template: what is put into it is escaped, unless it is HTML already; undefined and false are nothing. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return new Html(
    strings.reduce((text, piece, i) => text + textOf(parts[i - 1]) + piece),
    parts.flatMap(figuresOf),
  );
}

function figuresOf(part: Part): readonly Figure[] {
  if (part instanceof Html) return part.figures;
  return typeof part === 'object' ? part.flatMap(figuresOf) : [];
}

function textOf(part: Part): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(textOf).join('');
  return escaped(String(part));
}

/** Text as HTML and XML have it. */
export function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}

/** A table; columns of numbers stand to the right. */
export function table(head: readonly string[], rows: readonly (readonly Part[])[]): Html {
  const numeric = head.map((_, c) => c > 0 && rows.every((row) => typeof row[c] === 'number' || isNumberText(row[c])));
  const side = (c: number) => (numeric[c] ? html` class="n"` : undefined);
  return html`<div class="scroll"><table><thead><tr>${head.map((name, c) => html`<th${side(c) ?? (isLong(name) ? html` class="long"` : name.length < 13 && html` class="short"`)}>${name}</th>`)}</tr></thead><tbody>${rows.map(
    (row) =>
      html`<tr>${row.map((cell, c) => html`<td${side(c) ?? (isLong(cell) && html` class="long"`)}>${cell}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}

/** Rows of a table that are seen at once. */
const mostSeen = 15;

/** A table whose rows after the first 15 are folded away, where that is worth it. */
export function foldedTable(head: readonly string[], rows: readonly (readonly Part[])[]): Html {
  const rest = rows.slice(mostSeen);
  if (rest.length < 6) return table(head, rows);
  return html`${table(head, rows.slice(0, mostSeen))}<details><summary>${rest.length} more</summary>${table(head, rest)}</details>`;
}

/** A text with a word that would make its column too wide. */
function isLong(cell: Part): boolean {
  return /\S{40}/.test(textOf(cell));
}

function isNumberText(cell: Part): boolean {
  return typeof cell === 'string' && /^((< )?[-−–]?[\d.,]+(e[+-]?\d+)?( %)?|–)$/.test(cell);
}
