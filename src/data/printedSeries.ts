import { monthOfWord } from './understanding/monthNames.js';

/**
 * A series of months or quarters as R prints it, a row for each year, in blocks where all twelve are too wide; as separated
 * values with the columns time and value. Undefined for anything else. A value belongs to the name that ends where it ends,
 * so that the first and the last year may be incomplete.
 */
export function printedSeries(text: string): string | undefined {
  if (!/^ +(?:Jan|Qtr1) +(?:Feb|Qtr2) /.test(text) || text.includes('\t')) return undefined;
  const rows: { order: number; row: string }[] = [];
  let names: Word[] = [];
  for (const line of text.split('\n')) {
    const words = wordsOf(line);
    if (words.length === 0) continue;
    if (words.every(({ word }) => partOf(word) > 0)) {
      names = words;
      continue;
    }
    const [year, ...values] = words;
    if (!/^\d{4}$/.test(year.word)) return undefined;
    for (const { word, end } of values) {
      const name = names.find((one) => one.end === end)?.word;
      if (name === undefined || !/^(?:NA|NaN|[-+]?[\d.]+(?:e[-+]?\d+)?)$/.test(word)) return undefined;
      rows.push({
        order: Number(year.word) * 12 + partOf(name),
        row: `${year.word} ${name.replace('Qtr', 'Q')},${word}`,
      });
    }
  }
  rows.sort((a, b) => a.order - b.order);
  return rows.length === 0 ? undefined : `time,value\n${rows.map(({ row }) => row).join('\n')}\n`;
}

interface Word {
  word: string;
  /** Where it ends, in characters. */
  end: number;
}

const wordsOf = (line: string): Word[] =>
  Array.from(line.matchAll(/\S+/g), (match) => ({ word: match[0], end: match.index + match[0].length }));

/** The month, 1 to 12, or the quarter, 1 to 4, that a name of a column stands for, or 0. */
function partOf(name: string): number {
  const quarter = /^Qtr([1-4])$/.exec(name);
  return quarter === null ? (/^\p{L}{3}$/u.test(name) ? monthOfWord(name, 'en') : 0) : Number(quarter[1]);
}
