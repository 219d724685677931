/** Layers that files have and memcell's functions do not make: TensorFlow.js's Rescaling, and RNN over cells one upon the other. */
import { type LayerPlan, NONE } from '../plan/layerPlan.js';
import type { Planning } from '../plan/planning.js';
import { unsupported } from '../plan/unsupported.js';
import { anyRank, type Config, type LayerDefinition, type Shape, sequence } from './define.js';
import { finite, flag, optional, required } from './schema.js';
import { definitionOf } from './table.js';

/** What the engine needs to know of a class of layers. */
export type PlannedClass = Pick<
  LayerDefinition,
  'class' | 'schema' | 'rank' | 'engine' | 'shape' | 'weights' | 'joins' | 'takesSeveral'
>;

const CELLS: Readonly<Record<string, string>> = { LSTMCell: 'LSTM', GRUCell: 'GRU', SimpleRNNCell: 'SimpleRNN' };

/** A cell as a saved configuration describes it. */
export interface CellDescription {
  className: string;
  config: Config;
}

/** The cells of an RNN layer, the first of which reads its input. */
export function cellsOf(config: Readonly<Config>): CellDescription[] {
  const cell = config.cell as CellDescription;
  return cell.className === 'StackedRNNCells' ? (cell.config.cells as CellDescription[]) : [cell];
}

/** The cell as a recurrent layer of its own; the cell's class where there is none such. */
export function layerOfCell({ className }: Pick<CellDescription, 'className'>): string {
  return Object.hasOwn(CELLS, className) ? CELLS[className] : className;
}

/** Cells one upon the other are layers one after the other, all of whose steps the next reads. */
function planCells(planning: Planning<Config>): LayerPlan[] {
  const { config, flow, further } = planning;
  const { returnSequences = false, returnState = false, goBackwards = false, stateful = false } = config;
  const count = cellsOf(config).length;
  if (count > 1) {
    if (returnState || planning.inputs.length > 1) throw unsupported(planning, 'has the states of several cells');
    if (goBackwards) throw unsupported(planning, 'reads the sequence from its end with several cells');
    if (stateful) throw unsupported(planning, 'is stateful with several cells');
  }
  const plans: LayerPlan[] = [];
  for (let i = 0; i < count; i++) {
    const isLast = i === count - 1;
    const cell = planning.cell(i, {
      returnSequences: isLast ? returnSequences : true,
      returnState,
      goBackwards,
      stateful,
    });
    Object.assign(cell.flow, flow);
    plans.push(...cell.plan());
    Object.assign(flow, cell.flow);
    further.push(...cell.further);
  }
  return plans;
}

const loaded: Readonly<Record<string, PlannedClass>> = {
  RNN: {
    class: 'RNN',
    schema: { cell: required((cell: unknown) => cell), returnSequences: optional(flag) },
    rank: sequence,
    takesSeveral: true,
    engine: planCells,
    shape: ({ cell, returnSequences }, [[batch, steps]]) => {
      const units = Number(cellsOf({ cell }).at(-1)?.config.units);
      return returnSequences === true ? [batch, steps, units] : [batch, units];
    },
    weights: ({ cell }, [batch, steps, features]) => {
      let input: Shape = [batch, steps, features];
      return cellsOf({ cell }).flatMap((one) => {
        const made = definitionOf(layerOfCell(one))?.weights?.(one.config, input) ?? [];
        input = [batch, steps, Number(one.config.units)];
        return made;
      });
    },
  },
  Rescaling: {
    class: 'Rescaling',
    schema: {},
    rank: anyRank,
    engine: (planning) => {
      const { width } = planning.flow;
      const each = (name: 'scale' | 'offset') => {
        const given = planning.config[name];
        const [first, ...others] = [given].flat().map((one) => finite(one, `Rescaling: ${name}`));
        return others.length > 0 ? [first, ...others] : Array<number>(width).fill(first);
      };
      const constants = { gamma: each('scale'), beta: each('offset') };
      if (Object.values(constants).some(({ length }) => length !== width))
        throw unsupported(planning, `has no scale and offset of each of its ${width} features`);
      return [{ kind: 'scale', width, gamma: NONE, beta: NONE, constants }];
    },
  },
};

/** What the engine goes by for layers of a class; none where only TensorFlow.js has it. */
export function plannedClass(className: string): PlannedClass | undefined {
  return definitionOf(className) ?? (Object.hasOwn(loaded, className) ? loaded[className] : undefined);
}
