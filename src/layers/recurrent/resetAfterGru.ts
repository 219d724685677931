import type { TensorFlow } from '../../tensorflow.js';
import type * as tf from '../../tf.js';
import { ownClass } from '../define.js';
import { registeredLayer } from '../registered.js';

/** A GRU's settings as its saved configuration has them. */
export type GRUConfig = tf.GRULayerArgs;

type Cell = ReturnType<typeof tf.layers.gruCell>;

/** A cell that drops the same at all steps of a call. */
interface ResetAfterCell extends tf.layers.Layer {
  drawMasks(batch: number, features: number, training: boolean): void;
  clearMasks(): void;
}

/**
 * One step of Keras 3's gated recurrent unit, which applies the reset gate after the recurrent product (Keras's
 * `reset_after=True`, cuDNN's variant). x (B,I), h (B,U); kernel W (I,3U), recurrent kernel R (U,3U) and bias b (2,3U), the
 * three gates side by side in the order z, r, h:
 *
 *     z = σ(x·W_z + b₀_z + h·R_z + b₁_z)
 *     r = σ(x·W_r + b₀_r + h·R_r + b₁_r)
 *     h̃ = tanh(x·W_h + b₀_h + r∘(h·R_h + b₁_h))
 *     h' = z∘h + (1 − z)∘h̃
 *
 * tfjs's own cell has only the older variant, h̃ = tanh(x·W_h + b_h + (r∘h)·R_h), with one bias (3U).
 */
export const resetAfterGRUCell: (tf: TensorFlow) => new (config: GRUConfig) => ResetAfterCell = ownClass(
  (tf) =>
    class ResetAfterGRUCell extends registeredLayer<Cell>('GRUCell') {
      constructor(config: GRUConfig) {
        super({ ...config, resetAfter: false });
      }

      override build(inputShape: tf.Shape | tf.Shape[]): void {
        const inputs = (Array.isArray(inputShape[0]) ? inputShape[0] : (inputShape as tf.Shape)).at(-1) as number;
        const gates = 3 * this.units;
        this.kernel = this.addWeight(
          'kernel',
          [inputs, gates],
          undefined,
          this.kernelInitializer,
          this.kernelRegularizer,
          true,
          this.kernelConstraint,
        );
        this.recurrentKernel = this.addWeight(
          'recurrent_kernel',
          [this.units, gates],
          undefined,
          this.recurrentInitializer,
          this.recurrentRegularizer,
          true,
          this.recurrentConstraint,
        );
        if (this.useBias) {
          const { biasInitializer, biasRegularizer, biasConstraint } = this;
          this.bias = this.addWeight(
            'bias',
            [2, gates],
            undefined,
            biasInitializer,
            biasRegularizer,
            true,
            biasConstraint,
          );
        }
        this.built = true;
      }

      /** Masks for one sequence: x of so many features gets the same one at all steps, and so does h. */
      drawMasks(batch: number, features: number, training: boolean): void {
        const mask = (shape: number[], rate: number): tf.Tensor => {
          const ones = tf.ones(shape);
          return this.dropoutFunc ? (this.dropoutFunc as typeof tf.dropout)(ones, rate) : tf.dropout(ones, rate);
        };
        this.clearMasks();
        if (!training) return;
        if (this.dropout > 0) this.dropoutMask = mask([batch, features], this.dropout);
        if (this.recurrentDropout > 0) this.recurrentDropoutMask = mask([batch, this.units], this.recurrentDropout);
      }

      clearMasks(): void {
        this.dropoutMask = null as unknown as tf.Tensor;
        this.recurrentDropoutMask = null as unknown as tf.Tensor;
      }

      override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor[] {
        const [x, h] = inputs as [tf.Tensor2D, tf.Tensor2D];
        return tf.tidy(() => {
          const dropped = (a: tf.Tensor2D, mask: tf.Tensor | tf.Tensor[] | null): tf.Tensor2D =>
            mask ? tf.mul(a, mask as tf.Tensor2D) : a;
          const [inputBias, recurrentBias] = this.bias ? tf.unstack(this.bias.read()) : [];
          let fromInput: tf.Tensor = tf.matMul(dropped(x, this.dropoutMask), this.kernel.read() as tf.Tensor2D);
          let fromState: tf.Tensor = tf.matMul(
            dropped(h, this.recurrentDropoutMask),
            this.recurrentKernel.read() as tf.Tensor2D,
          );
          if (inputBias) fromInput = tf.add(fromInput, inputBias);
          if (recurrentBias) fromState = tf.add(fromState, recurrentBias);
          const [inputZ, inputR, inputH] = tf.split(fromInput, 3, 1);
          const [stateZ, stateR, stateH] = tf.split(fromState, 3, 1);
          const z = this.recurrentActivation.apply(tf.add(inputZ, stateZ));
          const r = this.recurrentActivation.apply(tf.add(inputR, stateR));
          const candidate = this.activation.apply(tf.add(inputH, tf.mul(r, stateH)));
          // z∘h + (1 − z)∘h̃, with one product less
          const next = tf.add(candidate, tf.mul(z, tf.sub(h, candidate)));
          return [next, next];
        });
      }

      override getConfig(): tf.serialization.ConfigDict {
        return { ...super.getConfig(), resetAfter: true };
      }
    },
);

/** The layer around ResetAfterGRUCell: x (B,T,I) → last h (B,U), or every h (B,T,U) with returnSequences. */
export const resetAfterGRU: (tf: TensorFlow) => new (config: GRUConfig) => tf.RNN = ownClass((tf) => {
  const ResetAfterGRUCell = resetAfterGRUCell(tf);
  return class ResetAfterGRU extends tf.RNN {
    static override className = 'GRU';

    constructor(config: GRUConfig) {
      super({ ...config, cell: new ResetAfterGRUCell(config) } as unknown as tf.RNNLayerArgs);
    }

    static override fromConfig<T extends tf.serialization.Serializable>(
      cls: tf.serialization.SerializableConstructor<T>,
      config: tf.serialization.ConfigDict,
    ): T {
      return new cls(config);
    }

    override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Parameters<tf.RNN['call']>[1]): tf.Tensor | tf.Tensor[] {
      const cell = this.cell as tf.RNN['cell'] & ResetAfterCell;
      return tf.tidy(() => {
        const { shape } = Array.isArray(inputs) ? inputs[0] : inputs;
        cell.drawMasks(shape[0], shape[2] ?? 0, kwargs?.training === true);
        try {
          return super.call(inputs, kwargs);
        } finally {
          cell.clearMasks();
        }
      });
    }
  };
});
