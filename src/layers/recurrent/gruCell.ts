import type { EitherSpelling } from '../../spelling.js';
import { tfjsLayer } from '../define.js';
import type * as kind from '../schema.js';
import { type CellOptions, cell, gruWeights, ofGRU } from './cellOptions.js';
import { cellFunction, defineCell } from './cells.js';
import { type GRUConfig, resetAfterGRUCell } from './resetAfterGru.js';

export interface GRUCellOptions extends CellOptions, kind.OptionsOf<typeof ofGRU> {}

const resetAfter = tfjsLayer((tf) => (settings: GRUConfig) => new (resetAfterGRUCell(tf))(settings));
const resetBefore = tfjsLayer((tf) => tf.layers.gruCell);

const gruCell = defineCell({
  class: 'GRUCell',
  cellOf: 'GRU',
  schema: { ...cell, ...ofGRU },
  make: (settings, tf) => (settings.resetAfter ? resetAfter : resetBefore)(settings, tf),
  own: resetAfterGRUCell,
  weights: gruWeights,
});

/** GRU's step, with its equations, options and weights; RNN runs it over a sequence: `RNN(GRUCell(32))`. */
export const GRUCell = cellFunction<EitherSpelling<GRUCellOptions>>(gruCell);
