import type { TensorFlow } from '../../tensorflow.js';
import type * as tf from '../../tf.js';
import { type Config, ownClass } from '../define.js';
import { cellsIn, statesOfCell } from '../kinds.js';
import { cellObject } from './cellObject.js';
import type { Cell, CellDescription } from './cells.js';

type Tensors = tf.Tensor | tf.Tensor[];
type Kwargs = Parameters<tf.RNN['call']>[1];

/** What a cell drops in a call, the same at all steps. */
interface DroppingCell extends tf.layers.Layer {
  dropoutMask: Tensors | null;
  recurrentDropoutMask: Tensors | null;
  /** Of memcell's own cell, which draws before the first step. */
  drawMasks?(batch: number, features: number, training: boolean): void;
}

/**
 * TensorFlow.js's RNN over a cell, or several, as Keras has it: states are given and come cell by cell, from the first to the last,
 * where tfjs begins with the last cell's; and every call drops anew.
 */
export const cellRNN: (tf: TensorFlow) => new (config: Config) => tf.RNN = ownClass(
  (tf) =>
    class CellRNN extends tf.RNN {
      static override className = 'RNN';

      constructor(config: Config) {
        super({ ...config, cell: cellObject(tf, config.cell as Cell | CellDescription) } as unknown as tf.RNNLayerArgs);
      }

      static override fromConfig<T extends tf.serialization.Serializable>(
        cls: tf.serialization.SerializableConstructor<T>,
        config: tf.serialization.ConfigDict,
      ): T {
        return new cls(config);
      }

      /** Cell by cell, also where one of them is frozen. */
      override get weights(): tf.LayerVariable[] {
        return cellsIn(this).flatMap((cell) => cell.weights);
      }

      override setFastWeightInitDuringBuild(value: boolean): void {
        super.setFastWeightInitDuringBuild(value);
        for (const cell of cellsIn(this)) cell.setFastWeightInitDuringBuild(value);
      }

      override build(inputShape: tf.Shape | tf.Shape[]): void {
        // What tfjs would compare with the states in its own order.
        Object.assign(this, { stateSpec: null });
        super.build(inputShape);
      }

      override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape | tf.Shape[] {
        const shape = super.computeOutputShape(inputShape);
        if (!Array.isArray(shape[0])) return shape;
        const [output, ...states] = shape as tf.Shape[];
        return [output, ...this.fromLast(states)];
      }

      override call(inputs: Tensors, kwargs: Kwargs): Tensors {
        return tf.tidy(() => {
          const { initialState } = (kwargs ?? {}) as { initialState?: tf.Tensor[] };
          const given = initialState ? { ...kwargs, initialState: this.toLast(initialState) } : kwargs;
          this.drawMasks([inputs].flat()[0], kwargs?.training === true);
          try {
            const outputs = super.call(inputs, given);
            if (!Array.isArray(outputs)) return outputs;
            const [output, ...states] = outputs;
            return [output, ...this.fromLast(states)];
          } finally {
            this.clearMasks();
          }
        });
      }

      private drawMasks({ shape: [batch, , features] }: tf.Tensor, training: boolean): void {
        this.clearMasks();
        let width = features ?? 0;
        for (const cell of cellsIn(this)) {
          (cell as DroppingCell).drawMasks?.(batch, width, training);
          [width] = statesOfCell(cell);
        }
      }

      private clearMasks(): void {
        for (const cell of cellsIn(this) as DroppingCell[])
          for (const name of ['dropoutMask', 'recurrentDropoutMask'] as const) {
            const mask = cell[name];
            if (mask) tf.dispose(mask);
            cell[name] = null;
          }
      }

      private get counts(): number[] {
        return cellsIn(this).map((cell) => statesOfCell(cell).length);
      }

      private toLast<T>(states: readonly T[]): T[] {
        return groupsReversed(states, this.counts);
      }

      private fromLast<T>(states: readonly T[]): T[] {
        return groupsReversed(states, this.counts.reverse());
      }
    },
);

/** Groups of so many of a list's items, the last group first. */
function groupsReversed<T>(items: readonly T[], counts: readonly number[]): T[] {
  let at = 0;
  const groups = counts.map((count) => {
    at += count;
    return items.slice(at - count, at);
  });
  return groups.reverse().flat();
}
