/** A layer that files have and memcell's functions do not make: TensorFlow.js's Rescaling. */
import { NONE } from '../plan/layerPlan.js';
import { unsupported } from '../plan/unsupported.js';
import { definitionOf } from './byName.js';
import { anyRank, type LayerDefinition } from './define.js';
import { finite } from './schema.js';

/** What the engine needs to know of a class of layers. */
export type PlannedClass = Pick<
  LayerDefinition,
  'class' | 'schema' | 'rank' | 'engine' | 'shape' | 'weights' | 'joins' | 'takesSeveral'
>;

const loaded: Readonly<Record<string, PlannedClass>> = {
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
