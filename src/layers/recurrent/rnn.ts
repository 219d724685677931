import type { EitherSpelling } from '../../spelling.js';
import { common, defineLayer, type LayerOptions, sequence } from '../define.js';
import { LayerError, makeLayer } from '../make.js';
import * as kind from '../schema.js';
import type { GraphLayer, SymbolicTensor } from '../symbolic.js';
import { cellRNN } from './cellRnn.js';
import { type Cell, type CellDescription, cellKind, cellsOf, definitionOfCell } from './cells.js';
import { overSteps } from './options.js';
import { planCells } from './planned.js';

/** One cell, or a list of them. */
const cellOrCells: kind.Kind<Cell | readonly Cell[], Cell | CellDescription> = (value, what) => {
  if (!Array.isArray(value)) return cellKind(value, what);
  const cells = kind.listOf(cellKind)(value, what);
  return { className: 'StackedRNNCells', config: { cells } };
};

const rnn = defineLayer({
  class: 'RNN',
  positional: ['cell'],
  schema: { ...common, cell: kind.required(cellOrCells), ...overSteps },
  rank: sequence,
  remedy: 'several cells are a list: RNN([LSTMCell(32), GRUCell(16)])',
  engine: (planning) => planCells(planning),
  make: (settings, tf) => new (cellRNN(tf))(settings),
  own: cellRNN,
  load: (config, _, tf) => new (cellRNN(tf))(config),
  shape: ({ cell, returnSequences }, [[batch, steps]]) => {
    const units = Number(cellsOf({ cell }).at(-1)?.config.units);
    return returnSequences ? [batch, steps, units] : [batch, units];
  },
  weights: ({ cell }, [batch, , ...features]) => {
    const { className, config } = cell as CellDescription;
    return definitionOfCell({ className })?.weights?.(config, [batch, ...features]) ?? [];
  },
});

export interface RNNOptions extends LayerOptions, kind.OptionsOf<typeof overSteps> {}

/** Makes RNN: one that gives a list, its output and then its last states, where it returns them. */
export interface RNNFunction {
  (
    cell: Cell | readonly Cell[],
    options: EitherSpelling<RNNOptions> & ({ returnState: true } | { return_state: true }),
  ): GraphLayer<SymbolicTensor[]>;
  (cell: Cell | readonly Cell[], options?: EitherSpelling<RNNOptions>): GraphLayer;
}

/**
 * A cell, or several one upon the other, over a sequence: x (B,T,I) → the last output (B,U) of the last cell, or every step's (B,T,U)
 * with returnSequences. Several cells are what a layer of each, one after the other, would be: `RNN([LSTMCell(32), GRUCell(16)])`.
 * With returnState the last states follow, cell by cell, and so do initialState's: h and c of an LSTMCell, h of the others.
 */
export const RNN: RNNFunction = (cell: Cell | readonly Cell[], options: object = {}) => {
  if (typeof options === 'object' && options !== null && 'stateSize' in options)
    throw new LayerError(`RNN: ${rnn.remedy}`);
  return makeLayer(rnn, [cell], options);
};
