import type { EitherSpelling } from '../../spelling.js';
import { tfjsLayer } from '../define.js';
import { type CellOptions, cell, gated } from './cellOptions.js';
import { cellFunction, defineCell } from './cells.js';

const simpleRNNCell = defineCell({
  class: 'SimpleRNNCell',
  cellOf: 'SimpleRNN',
  schema: cell,
  make: tfjsLayer((tf) => tf.layers.simpleRNNCell),
  weights: (settings, input) => gated(1, settings, input),
});

/** SimpleRNN's step, with its equation, options and weights; RNN runs it over a sequence: `RNN(SimpleRNNCell(32))`. */
export const SimpleRNNCell = cellFunction<EitherSpelling<CellOptions>>(simpleRNNCell);
