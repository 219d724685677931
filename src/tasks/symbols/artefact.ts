import type { Fields } from '../../fields.js';
import type { SavedTask } from '../definition.js';
import type { SymbolValue } from './sequence.js';

/** What is saved beside the network. */
export interface SymbolsArtefact extends SavedTask {
  kind: 'symbols';
  /** Symbols that go in. */
  window: number;
  /** The known symbols in the order of the network's outputs: whole numbers, or words. */
  symbols: SymbolValue[];
  /** What goes in for a symbol: its index (to an Embedding), or its number (its index, for words) divided by `scale`. */
  input: 'index' | 'scaled';
  /** The largest magnitude. */
  scale: number;
  /** The index of the symbol that most training samples have as target. */
  majority: number;
  /** The last `window` symbols of the data. */
  end: SymbolValue[];
}

/** Reads what was saved; models of earlier versions take scaled numbers. */
export function parseSymbolsArtefact(fields: Fields): SymbolsArtefact {
  const window = fields.integer('window', 1);
  const symbols = valuesOf(fields, 'symbols');
  if (symbols.length < 2 || new Set(symbols).size !== symbols.length) {
    fields.damaged('symbols', 'two or more different whole numbers or words');
  }
  const scale = fields.number('scale');
  if (scale <= 0) fields.damaged('scale', 'above 0');
  const majority = fields.integer('majority', 0);
  if (majority >= symbols.length) fields.damaged('majority', `below ${symbols.length}`);
  const end = valuesOf(fields, 'end');
  if (end.length !== window || !end.every((symbol) => symbols.includes(symbol))) {
    fields.damaged('end', `${window} known symbols`);
  }
  const indexed = fields.optional('input', (all) => all.oneOf<'index' | 'scaled'>('input', ['index', 'scaled']));
  return { kind: 'symbols', window, symbols, input: indexed ?? 'scaled', scale, majority, end };
}

/** Whole numbers, or words. */
function valuesOf(fields: Fields, key: string): SymbolValue[] {
  const values = fields.list(key);
  const numbers = values.filter((value) => typeof value === 'number' && Number.isInteger(value));
  const words = values.filter((value) => typeof value === 'string' && value !== '');
  if (numbers.length === values.length) return numbers.map(Number);
  return words.length === values.length ? words.map(String) : fields.damaged(key, 'whole numbers, or words');
}
