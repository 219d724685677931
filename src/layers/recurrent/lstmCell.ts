import type { EitherSpelling } from '../../spelling.js';
import { tfjsLayer } from '../define.js';
import type * as kind from '../schema.js';
import { type CellOptions, cell, gated, ofLSTM } from './cellOptions.js';
import { cellFunction, defineCell } from './cells.js';

export interface LSTMCellOptions extends CellOptions, kind.OptionsOf<typeof ofLSTM> {}

const lstmCell = defineCell({
  class: 'LSTMCell',
  cellOf: 'LSTM',
  schema: { ...cell, ...ofLSTM },
  make: tfjsLayer((tf) => tf.layers.lstmCell),
  weights: (settings, input) => gated(4, settings, input),
});

/** LSTM's step, with its equations, options and weights; RNN runs it over a sequence: `RNN(LSTMCell(32))`. */
export const LSTMCell = cellFunction<EitherSpelling<LSTMCellOptions>>(lstmCell);
