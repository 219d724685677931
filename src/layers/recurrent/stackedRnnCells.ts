import type { EitherSpelling } from '../../spelling.js';
import { common, type Layer, type Shape } from '../define.js';
import { isNamedAutomatically } from '../make.js';
import { registeredLayer } from '../registered.js';
import * as kind from '../schema.js';
import { cellObject } from './cellObject.js';
import { type Cell, type CellDescription, cellKind, defineCell, definitionOfCell, madeCell } from './cells.js';

const own = {
  name: common.name,
  trainable: common.trainable,
  cells: kind.required(kind.listOf(cellKind)),
};

export interface StackedRNNCellsOptions extends kind.OptionsOf<typeof own> {}

/** lstm_cell, lstm_cell_1: a name of its own for each cell that was given none. */
function nameApart(cells: readonly Layer[]): void {
  const taken = new Set<string>();
  for (const cell of cells) {
    const { name } = cell;
    for (let i = 1; isNamedAutomatically(cell) && taken.has(cell.name); i++) cell.name = `${name}_${i}`;
    taken.add(cell.name);
  }
}

const stackedRNNCells = defineCell({
  class: 'StackedRNNCells',
  cellOf: null,
  positional: ['cells'],
  schema: own,
  make: ({ cells, ...settings }, tf) => {
    const objects = cells.map((cell) => cellObject(tf, cell));
    nameApart(objects);
    return new (registeredLayer('StackedRNNCells'))({ ...settings, cells: objects });
  },
  weights: ({ cells }, [batch, features]) => {
    let input: Shape = [batch, features];
    return (cells as CellDescription[]).flatMap((one) => {
      const made = definitionOfCell(one)?.weights?.(one.config, input) ?? [];
      input = [batch, Number(one.config.units)];
      return made;
    });
  },
});

/** Cells one upon the other, each of which reads what the one before gives at the same step: one cell for RNN, as a list of them is. */
export const StackedRNNCells = (cells: readonly Cell[], options: EitherSpelling<StackedRNNCellsOptions> = {}): Cell =>
  madeCell(stackedRNNCells, [cells], options);
