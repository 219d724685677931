/** Runs training and prediction of a LayersModel on tfjs: its layers and its automatic differentiation, our optimizer. */
import * as tf from '@tensorflow/tfjs';
import { allFinite, type NdArray } from '../data/array.js';
import { MemcellError } from '../errors.js';
import { releaseDropout, seedDropout } from '../model/dropout.js';
import { weightsInOrder } from '../model/initialise.js';
import type { Compiled } from './compile.js';
import {
  forward,
  isPenalised,
  lossLogits,
  type OutputLogits,
  type RowUse,
  regularisation,
  rowSums,
} from './forward.js';
import { weightedMean } from './losses.js';
import type { BatchResult, Checkpoint, Runner, TrainingState } from './runner.js';

/** The runner that works for every model. The backend must be ready: see prepareBackend(). */
export function createTfjsRunner(model: tf.LayersModel, compiled: Pick<Compiled, 'loss' | 'optimizer'>): Runner {
  return new TfjsRunner(model, compiled);
}

class TfjsRunner implements Runner {
  readonly kind = 'tfjs';
  readonly optimizer: Compiled['optimizer'];
  seed = 0;
  private readonly logits: OutputLogits | undefined;

  constructor(
    private readonly model: tf.LayersModel,
    private readonly compiled: Pick<Compiled, 'loss' | 'optimizer'>,
  ) {
    this.optimizer = compiled.optimizer;
    this.logits = lossLogits(model, compiled.loss);
  }

  trainBatch(x: NdArray, y: NdArray, sampleWeight?: Float32Array): BatchResult {
    const { model, optimizer } = this;
    seedDropout(model, this.seed, optimizer.iterations);
    const trainable = model.trainableWeights.map((weight) => ({ weight, variable: variableOf(weight) }));
    optimizer.build(trainable.map(({ weight, variable }) => ({ name: weight.originalName, size: variable.size })));
    return scoped(() => {
      let outcome: Outcome | undefined;
      const { value, grads } = tf.variableGrads(
        () => {
          outcome = this.outcome(x, y, sampleWeight, true);
          tf.keep(outcome.predictions);
          if (outcome.mask) tf.keep(outcome.mask);
          return outcome.loss;
        },
        trainable.map(({ variable }) => variable),
      );
      const result = this.result(value, outcome);
      if (Number.isFinite(result.loss)) this.update(trainable, grads, outcome?.rowUses ?? []);
      if (outcome) release(outcome);
      return result;
    });
  }

  private update(trainable: Trainable[], grads: tf.NamedTensorMap, rowUses: RowUse[]): void {
    const { clipvalue } = this.optimizer.config;
    const byRows = trainable.map(({ weight, variable }) => {
      const uses = rowUses.filter(({ layer }) => layer.trainableWeights.includes(weight));
      if (uses.length === 0 || uses.some(({ layer }) => isPenalised(layer))) return undefined;
      return rowSums(uses, variable.size, clipvalue ?? Number.POSITIVE_INFINITY);
    });
    const gradients = trainable.map(({ variable }, i) => {
      const limited = clipvalue === null ? undefined : byRows[i]?.gradient;
      return limited ?? gradientOf(grads[variable.name], variable.size);
    });
    const weights = trainable.map(({ variable }) => floats(variable).slice());
    this.optimizer.apply(
      weights,
      gradients,
      byRows.map((sums) => sums?.squares),
    );
    trainable.forEach(({ weight, variable }, i) => {
      weight.write(tf.tensor(weights[i], variable.shape));
    });
  }

  evaluateBatch(x: NdArray, y: NdArray, sampleWeight?: Float32Array): BatchResult {
    return scoped(() => {
      const outcome = this.outcome(x, y, sampleWeight, false);
      const result = this.result(outcome.loss, outcome);
      release(outcome);
      return result;
    });
  }

  predictBatch(x: NdArray): NdArray {
    return scoped(() => arrayOf(forward(this.model, this.input(x), false).output));
  }

  // tfjs differentiates a batch in one go.
  trainInTurns(x: NdArray, y: NdArray, sampleWeight?: Float32Array): BatchResult {
    return this.trainBatch(x, y, sampleWeight);
  }

  evaluateInTurns(x: NdArray, y: NdArray, sampleWeight?: Float32Array): BatchResult {
    return this.evaluateBatch(x, y, sampleWeight);
  }

  predictInTurns(x: NdArray): NdArray {
    return this.predictBatch(x);
  }

  weightsAreFinite(): boolean {
    return weightsInOrder(this.model).every((weight) => allFinite(floats(variableOf(weight))));
  }

  capture(): TrainingState {
    return this.checkpoint();
  }

  checkpoint(into?: Checkpoint): Checkpoint {
    const { iterations } = this.optimizer;
    const weights = weightsInOrder(this.model).map((weight, i) => copied(floats(variableOf(weight)), into?.weights[i]));
    const state = this.optimizer.state().map((slot, i) => copied(slot, into?.optimizer.state[i]));
    return { weights, optimizer: { iterations, state } };
  }

  goBack(checkpoint: Checkpoint): void {
    this.restore(checkpoint);
  }

  restore({ weights, optimizer }: TrainingState): void {
    tf.tidy(() => {
      weightsInOrder(this.model).forEach((weight, i) => {
        variableOf(weight).assign(tf.tensor(weights[i].slice(), variableOf(weight).shape));
      });
    });
    if (optimizer === undefined) return;
    if (optimizer.state.length === 0) this.optimizer.reset();
    this.optimizer.restore(optimizer.state, optimizer.iterations);
  }

  sync(): void {
    // The tfjs variables are the weights.
  }

  dispose(): void {
    releaseDropout(this.model);
  }

  private input(x: NdArray): tf.Tensor {
    return tf.tensor(x.data, x.shape, this.model.inputs[0].dtype);
  }

  /** Forward and loss of one batch, in tensors. */
  private outcome(x: NdArray, y: NdArray, sampleWeight: Float32Array | undefined, training: boolean): Outcome {
    const { model } = this;
    const { loss } = this.compiled;
    const watched = training && this.logits?.evaluationOnly ? undefined : this.logits?.layer;
    const { output, logits, mask, rowUses } = forward(model, this.input(x), training, watched);
    const yTrue = tf.tensor(y.data, y.shape, 'float32');
    const values = loss.positions(yTrue, logits ?? output, logits !== undefined);
    const data = weightedMean(values, sampleWeight ? tf.tensor1d(sampleWeight) : undefined, mask);
    const penalty = regularisation(model);
    return {
      loss: (penalty ? data.add(penalty) : data).asScalar(),
      predictions: output,
      mask,
      logits,
      rowUses,
    };
  }

  private result(loss: tf.Scalar, outcome: Outcome | undefined): BatchResult {
    if (outcome === undefined) throw new MemcellError('tfjs did not run the batch', { code: 'model' });
    const predictions = arrayOf(outcome.predictions);
    const mask = outcome.mask && Float32Array.from(outcome.mask.dataSync());
    return { loss: loss.dataSync()[0], predictions, ...(mask ? { mask } : {}) };
  }
}

interface Outcome {
  loss: tf.Scalar;
  predictions: tf.Tensor;
  mask: tf.Tensor | undefined;
  logits: tf.Tensor | undefined;
  rowUses: RowUse[];
}

/** Disposes what was kept beyond its scope. */
function release({ predictions, mask, logits, rowUses }: Outcome): void {
  tf.dispose([predictions, mask, logits, rowUses.map(({ indices, gradient }) => [indices, gradient])]);
}

type Weight = tf.LayersModel['weights'][number];

interface Trainable {
  weight: Weight;
  variable: tf.Variable;
}

function variableOf(weight: Weight): tf.Variable {
  const value = weight.read();
  if (value instanceof tf.Variable) return value;
  throw new MemcellError(`weight ${weight.originalName} is not a variable of tfjs`, { code: 'model' });
}

/** tf.tidy for what is no tensor: tidy itself looks for tensors in its result, number by number. */
function scoped<T>(run: () => T): T {
  tf.engine().startScope();
  try {
    return run();
  } finally {
    tf.engine().endScope();
  }
}

/** A tensor's numbers; they may be the tensor's own memory. */
function floats(tensor: tf.Tensor): Float32Array {
  const data = tensor.dataSync();
  return data instanceof Float32Array ? data : Float32Array.from(data);
}

/** The gradient to write to; zeros for a variable that the loss does not depend on. */
function gradientOf(tensor: tf.Tensor | undefined, size: number): Float32Array {
  return tensor ? floats(tensor).slice() : new Float32Array(size);
}

function copied(values: Float32Array, into: Float32Array | undefined): Float32Array {
  if (into?.length !== values.length) return values.slice();
  into.set(values);
  return into;
}

function arrayOf(tensor: tf.Tensor): NdArray {
  return { data: floats(tensor).slice(), shape: tensor.shape };
}
