import stringWidth from 'string-width';
import { fill } from '../../format.js';
import { coloured, type Paper, printable } from './paper.js';

export interface Bar {
  name: string;
  /** At least 0. */
  value: number;
  /** What is written after it. */
  told: string;
}

/** Parts of a character, by eighths. */
const parts = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** Names are cut after so many columns. */
const longestName = 24;

/** Bars from the left, the largest as long as fits, or as `full` is. */
export function barsText(title: string, bars: readonly Bar[], paper: Paper, full?: number): string {
  const largest = full ?? Math.max(...bars.map(({ value }) => value));
  const names = bars
    .map(({ name }) => printable(name))
    .map((name) => (stringWidth(name) > longestName ? `${beginning(name, longestName - 1)}…` : name));
  const margin = Math.max(...names.map((name) => stringWidth(name)));
  const after = Math.max(...bars.map(({ told }) => told.length));
  const width = Math.max(5, paper.width - margin - after - 4);
  const rows = bars.map(({ value, told }, i) => {
    const eighths = largest > 0 ? Math.round((8 * width * value) / largest) : 0;
    const bar = '█'.repeat(eighths >> 3) + parts[eighths & 7];
    return `  ${fill(names[i], margin)} ${coloured(bar, 'blue', paper)} ${told}`;
  });
  return [printable(title), ...rows].join('\n');
}

/** As many of a text's first letters as are no wider than that. */
function beginning(text: string, width: number): string {
  let cut = '';
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (stringWidth(cut + segment) > width) break;
    cut += segment;
  }
  return cut;
}
