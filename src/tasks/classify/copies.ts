import type { Frame } from '../../data/frame.js';
import { list } from '../../data/suggest.js';
import { quoted } from '../../data/understanding/wording.js';

/** Rows to a class, at least, for values that stand one to one with the classes not to do so by chance. */
const FEWEST = 5;

/** A warning of columns that are the class under another name, such as its number: what a model learns from them is no skill. */
export function copyWarnings(frame: Frame, label: string, features: readonly string[]): string[] {
  const classes = frame.column(label).cells;
  const known = new Set(classes).size;
  if (frame.rows < FEWEST * known) return [];
  const copies = features.filter((name) => isCopy(frame.column(name).values, classes, known));
  if (copies.length === 0) return [];
  const drop = copies.map(quoted).join(',');
  return [
    `${list(copies)}: each value stands with one ${label} alone, and each ${label} with one value; where that is not known beforehand, leave it out (--drop ${drop})`,
  ];
}

function isCopy(values: Float64Array, classes: readonly string[], known: number): boolean {
  const classOf = new Map<number, string>();
  for (const [row, value] of values.entries()) {
    if (Number.isNaN(value)) return false;
    const found = classOf.get(value);
    if (found === undefined) {
      if (classOf.size === known) return false;
      classOf.set(value, classes[row]);
    } else if (found !== classes[row]) return false;
  }
  return new Set(classOf.values()).size === known;
}
