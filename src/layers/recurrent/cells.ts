/** Cells: what RNN runs step by step. They have weights and states as layers have, and are no layers of a model. */

import { shown } from '../../spelling.js';
import {
  type Config,
  type DefinitionOf,
  defineLayer,
  definitionOf,
  type Layer,
  type LayerDefinition,
} from '../define.js';
import { LayerError, makeLayer } from '../make.js';
import { isLayer, type Kind, type Schema } from '../schema.js';

/** One step of a recurrent layer, with its weights; `RNN(cell)` is a layer of it. */
export interface Cell extends Pick<Layer, 'name' | 'getClassName' | 'getConfig'> {
  /** How many numbers a state has, or each of its states. */
  readonly stateSize: number | number[];
}

/** A cell as a saved configuration describes it. */
export interface CellDescription {
  className: string;
  config: Config;
}

type CellDefinition<S extends Schema> = Required<Pick<DefinitionOf<S>, 'cellOf'>> &
  Omit<DefinitionOf<S>, 'positional' | 'rank' | 'engine'> &
  Partial<Pick<DefinitionOf<S>, 'positional'>>;

/** Makes a cell known by its class. */
export function defineCell<S extends Schema>(definition: CellDefinition<S>): LayerDefinition {
  return defineLayer({ positional: ['units', 'activation'], rank: { exactly: 2 }, engine: null, ...definition });
}

/** The function that makes cells in code. */
export function cellFunction<Options extends object>(
  definition: LayerDefinition,
): (units: number, options?: Options) => Cell {
  return (units, options = {} as Options) => madeCell(definition, [units], options);
}

/** What makeLayer makes of the definition of a cell. */
export function madeCell(definition: LayerDefinition, positional: readonly unknown[], options: object): Cell {
  const made: unknown = makeLayer(definition, positional, options);
  if (isCell(made)) return made;
  throw new Error(`bug: ${definition.class} makes no cell`);
}

function isCell(value: unknown): value is Cell {
  return isLayer(value) && 'stateSize' in value;
}

export function isDescription(value: unknown): value is CellDescription {
  return typeof value === 'object' && value !== null && 'className' in value && 'config' in value;
}

/** A cell, or the description of one that is saved. */
export const cellKind: Kind<Cell, Cell | CellDescription> = (value, what) => {
  if (isCell(value)) return value;
  if (isDescription(value)) return value;
  const found = isLayer(value) ? `the layer ${value.getClassName()}` : shown(value);
  throw new LayerError(`${what} must be a cell such as LSTMCell(32), not ${found}`);
};

/** The cells of an RNN layer, the first of which reads its input. */
export function cellsOf(config: Readonly<Config>): CellDescription[] {
  const cell = config.cell as CellDescription;
  return cell.className === 'StackedRNNCells' ? (cell.config.cells as CellDescription[]) : [cell];
}

/** The cell as a recurrent layer of its own; the cell's class where there is none such. */
export function layerOfCell({ className }: Pick<CellDescription, 'className'>): string {
  return definitionOf(className)?.cellOf ?? className;
}

/** The definition of the layer that a cell is alone. */
export function definitionOfCell(cell: Pick<CellDescription, 'className'>): LayerDefinition | undefined {
  return definitionOf(layerOfCell(cell));
}
