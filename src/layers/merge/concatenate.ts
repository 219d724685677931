import { unsupported } from '../../plan/unsupported.js';
import type { EitherSpelling } from '../../spelling.js';
import { computedLayer } from '../computed.js';
import { common, fromFirst, type LayerOptions, layerFunction } from '../define.js';
import * as kind from '../schema.js';
import { merging } from './merging.js';
import { sameAxes, sameSteps, sameWidths } from './planned.js';

const own = {
  /** Along which the inputs follow each other; all other sizes are the same. Default -1. */
  axis: kind.defaulted(kind.oneAxis, -1),
};

export interface ConcatenateOptions extends LayerOptions, kind.OptionsOf<typeof own> {}

const concatenate = computedLayer({
  class: 'Concatenate',
  positional: ['axis'],
  schema: { ...common, ...own },
  ...merging,
  engine: (planning) => {
    const { inputs, flow, settings } = planning;
    sameAxes(planning);
    const last = flow.sequence ? 2 : 1;
    const [along] = fromFirst(settings.axis, last + 1);
    if (along < 1 || along > last) throw unsupported(planning, `concatenates along axis ${settings.axis}`);
    const overSteps = along < last;
    if (overSteps) sameWidths(planning);
    else {
      sameSteps(planning);
      flow.width = inputs.reduce((sum, { width }) => sum + width, 0);
    }
    return inputs.length === 1 ? [] : [{ kind: 'concatenate', overSteps }];
  },
  shape: ({ axis }, inputs) => {
    const [along] = fromFirst(axis, inputs[0].length);
    const fits = inputs.every(
      (input) =>
        input.length === inputs[0].length &&
        input.every(
          (size, i) => i === along || i === 0 || size === null || inputs[0][i] === null || size === inputs[0][i],
        ),
    );
    if (!fits)
      throw new Error(`inputs of the shapes ${JSON.stringify(inputs)} fit only along another axis than ${axis}`);
    return inputs[0].map((size, i) => {
      if (i !== along) return size;
      return inputs.reduce<number | null>(
        (sum, input) => (sum === null || input[i] === null ? null : sum + Number(input[i])),
        0,
      );
    });
  },
  // As in Keras: over features a step counts that counts in any input; those without a mask count whole.
  mask: ({ tf, inputs, masks, settings: { axis } }) => {
    if (masks.every((mask) => !mask)) return undefined;
    const whole = masks.map((mask, i) => mask ?? tf.ones(inputs[i].shape.slice(0, 2), 'bool'));
    if (fromFirst(axis, inputs[0].rank)[0] === 1 && inputs[0].rank > 2) return tf.concat(whole, 1);
    return whole.reduce((any, mask) => tf.logicalOr(any, mask));
  },
  call: ({ tf, inputs, settings: { axis } }) => tf.concat([...inputs], fromFirst(axis, inputs[0].rank)[0]),
});

/** Its inputs one after the other along an axis: (B,T,I) and (B,T,J) → (B,T,I+J). */
export const Concatenate = layerFunction(concatenate, (options?: EitherSpelling<ConcatenateOptions>) => [[], options]);
