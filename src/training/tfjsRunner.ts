/** Runs training and prediction of a LayersModel on tfjs: its layers and its automatic differentiation, our optimizer. */

import { allFinite, type NdArray } from '../data/array.js';
import { partsOf, sideBySide } from '../data/sideBySide.js';
import { modelError } from '../errors.js';
import { cellsIn } from '../layers/kinds.js';
import { withoutSlopesAtZero } from '../layers/penalised.js';
import { releaseDropout, seedDropout } from '../model/dropout.js';
import { setWeight, weightsInOrder } from '../model/initialise.js';
import { everyLayer, isRecurrent, statefulBatch, statefulLayers } from '../model/walk.js';
import * as tf from '../tf.js';
import type { Samples } from './batches.js';
import type { Compiled } from './compile.js';
import {
  forward,
  hasPenalisedWeights,
  lossLogits,
  type Output,
  type OutputLogits,
  type RowUse,
  regularisation,
  rowSums,
} from './forward.js';
import { type Loss, weightedMean } from './losses.js';
import type { BatchResult, Checkpoint, Runner, TrainingState } from './runner.js';
import { positionsOf } from './targets.js';

type RunnerSettings = Pick<Compiled, 'loss' | 'optimizer' | 'outputs'>;

/** The runner that works for every model. The backend must be ready: see prepareBackend(). */
export function createTfjsRunner(model: tf.LayersModel, compiled: RunnerSettings): Runner {
  return new TfjsRunner(model, compiled);
}

class TfjsRunner implements Runner {
  readonly kind = 'tfjs';
  readonly optimizer: Compiled['optimizer'];
  readonly batch: number | undefined;
  seed = 0;
  private readonly stateful: readonly tf.RNN[];
  private readonly logits: (OutputLogits | undefined)[];

  constructor(
    private readonly model: tf.LayersModel,
    private readonly compiled: RunnerSettings,
  ) {
    this.optimizer = compiled.optimizer;
    this.batch = statefulBatch(model);
    this.stateful = statefulLayers(model);
    this.logits = lossesOf(compiled).map(({ loss }, i) => lossLogits(model, loss, i));
    for (const [layer] of everyLayer(model)) asInKeras(layer);
  }

  trainBatch(x: NdArray, y: NdArray, sampleWeight?: Float32Array): BatchResult {
    const { model, optimizer } = this;
    seedDropout(model, this.seed, optimizer.iterations);
    const trainable = model.trainableWeights.map((weight) => ({ weight, variable: variableOf(weight) }));
    optimizer.build(trainable.map(({ weight, variable }) => ({ name: weight.originalName, size: variable.size })));
    return this.following(() => {
      let outcome: Outcome | undefined;
      const { value, grads } = tf.variableGrads(
        () => {
          outcome = this.outcome(x, y, sampleWeight, true);
          for (const { value, mask } of outcome.outputs) {
            tf.keep(value);
            if (mask) tf.keep(mask);
          }
          for (const one of outcome.losses) tf.keep(one);
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

  /** One batch of training; one whose loss is not finite leaves what layers change themselves, moving averages, as it was. */
  private following(run: () => BatchResult): BatchResult {
    const still = this.model.nonTrainableWeights.map(variableOf);
    const before = still.map((variable) => tf.clone(variable));
    let isGood = false;
    try {
      const result = this.carrying(run);
      isGood = Number.isFinite(result.loss);
      return result;
    } finally {
      if (!isGood) for (const [i, variable] of still.entries()) variable.assign(before[i]);
      tf.dispose(before);
    }
  }

  /** One batch; one whose loss is not finite leaves the states of stateful layers as they were. */
  private carrying(run: () => BatchResult): BatchResult {
    const before = this.states();
    const result = scoped(run);
    for (const layer of this.stateful) releaseKept(layer);
    if (!Number.isFinite(result.loss)) this.setStates(before);
    return result;
  }

  private states(): Float32Array[] {
    return this.stateful.flatMap(({ states }) => states.map((state) => floats(state).slice()));
  }

  private setStates(values: readonly Float32Array[]): void {
    let next = 0;
    for (const layer of this.stateful)
      tf.tidy(() => layer.resetStates(layer.states.map(({ shape }) => tf.tensor(values[next++], shape))));
  }

  private update(trainable: Trainable[], grads: tf.NamedTensorMap, rowUses: RowUse[]): void {
    const { clipvalue, gradientAccumulationSteps } = this.optimizer.config;
    const byRows = trainable.map(({ weight, variable }) => {
      // In the mean over batches the uses of a table's rows are no longer apart.
      if (gradientAccumulationSteps !== null) return undefined;
      const uses = rowUses.filter(({ layer }) => layer.trainableWeights.includes(weight));
      if (uses.length === 0 || uses.some(({ layer }) => hasPenalisedWeights(layer))) return undefined;
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

  average(): void {
    if (!this.optimizer.config.useEma || this.optimizer.iterations === 0) return;
    const { trainableWeights } = this.model;
    const weights = trainableWeights.map((weight) => floats(variableOf(weight)).slice());
    this.optimizer.average(weights);
    trainableWeights.forEach((weight, i) => {
      const tensor = tf.tensor(weights[i], weight.shape.map(Number));
      setWeight(weight, tensor);
      tensor.dispose();
    });
  }

  evaluateBatch(x: NdArray, y: NdArray, sampleWeight?: Float32Array): BatchResult {
    return this.carrying(() => {
      const outcome = this.outcome(x, y, sampleWeight, false);
      const result = this.result(outcome.loss, outcome);
      release(outcome);
      return result;
    });
  }

  predictBatch(x: NdArray): NdArray {
    const before = this.states();
    const output = scoped(() =>
      sideBySide(forward(this.model, this.inputs(x), false).outputs.map(({ value }) => arrayOf(value))),
    );
    if (!this.states().every(allFinite)) this.setStates(before);
    return output;
  }

  // tfjs differentiates a batch in one go.
  trainInTurns<R>({ x, y, weights }: Samples, take: (result: BatchResult) => R): R {
    return take(this.trainBatch(x, y, weights));
  }

  evaluateInTurns<R>({ x, y, weights }: Samples, take: (result: BatchResult) => R): R {
    return take(this.evaluateBatch(x, y, weights));
  }

  predictInTurns<R>(x: NdArray, take: (predictions: NdArray) => R): R {
    return take(this.predictBatch(x));
  }

  weightsAreFinite(): boolean {
    return weightsInOrder(this.model).every((weight) => allFinite(floats(variableOf(weight))));
  }

  capture(): TrainingState {
    const { weights, optimizer } = this.checkpoint();
    return { weights, optimizer };
  }

  checkpoint(into?: Checkpoint): Checkpoint {
    const { iterations } = this.optimizer;
    const weights = weightsInOrder(this.model).map((weight, i) => copied(floats(variableOf(weight)), into?.weights[i]));
    const state = this.optimizer.state().map((slot, i) => copied(slot, into?.optimizer.state[i]));
    return { weights, optimizer: { iterations, state }, states: this.states() };
  }

  goBack(checkpoint: Checkpoint): void {
    this.restore(checkpoint);
    this.setStates(checkpoint.states);
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

  private inputs(x: NdArray): tf.Tensor[] {
    return partsOf(x).map(({ data, shape }, i) => tf.tensor(data, shape, this.model.inputs[i].dtype));
  }

  /** Forward and loss of one batch, in tensors. */
  private outcome(x: NdArray, y: NdArray, sampleWeight: Float32Array | undefined, training: boolean): Outcome {
    const { model } = this;
    const watched = this.logits.map((logits) => (training && logits?.evaluationOnly ? undefined : logits?.layer));
    const { outputs, rowUses, added } = forward(model, this.inputs(x), training, watched);
    const targets = partsOf(y);
    const ofPositions = lossesOf(this.compiled).map(({ loss }, i) => positionsOf(loss, targets[i]));
    const weights = sampleWeight ? weightsOf(sampleWeight, targets[0].shape[0], ofPositions) : [];
    const losses = lossesOf(this.compiled).map(({ loss }, i) => {
      const { value, logits, mask } = outputs[i];
      const yTrue = tf.tensor(targets[i].data, targets[i].shape, 'float32');
      return weightedMean(loss.positions(yTrue, logits ?? value, logits !== undefined), weights[i], mask);
    });
    const data = lossesOf(this.compiled)
      .map(({ weight }, i): tf.Tensor => (weight === 1 ? losses[i] : tf.mul(losses[i], weight)))
      .reduce((sum, one) => tf.add(sum, one));
    const penalty = regularisation(model, added);
    return { loss: tf.reshape(penalty ? tf.add(data, penalty) : data, []), losses, outputs, rowUses, added };
  }

  private result(loss: tf.Scalar, outcome: Outcome | undefined): BatchResult {
    if (outcome === undefined) throw modelError('tfjs did not run the batch');
    const { outputs, losses } = outcome;
    const predictions = sideBySide(outputs.map(({ value }) => arrayOf(value)));
    const masks = outputs.map(({ mask }) => mask && Float32Array.from(mask.dataSync()));
    const result = { loss: loss.dataSync()[0], predictions, masks };
    return outputs.length > 1 ? { ...result, losses: losses.map((one) => one.dataSync()[0]) } : result;
  }
}

/** Each output's weights, (B) or (B, T): of several outputs they lie side by side for each sample. */
function weightsOf(weights: Float32Array, batch: number, positions: readonly number[]): tf.Tensor[] {
  if (positions.length === 1) return [tf.tensor1d(weights)];
  const all = tf.tensor2d(weights, [batch, weights.length / batch]);
  return tf.split(all, [...positions], 1);
}

/** The loss of each output. */
function lossesOf({ loss, outputs }: Pick<Compiled, 'loss' | 'outputs'>): readonly { loss: Loss; weight: number }[] {
  return outputs ?? [{ loss, weight: 1 }];
}

interface Outcome {
  loss: tf.Scalar;
  /** Of each output, unweighted. */
  losses: tf.Tensor[];
  outputs: Output[];
  rowUses: RowUse[];
  /** What layers add to the loss. */
  added: tf.Scalar[];
}

/** Disposes what was kept beyond its scope. */
function release({ outputs, losses, rowUses, added }: Outcome): void {
  tf.dispose(losses);
  tf.dispose(added);
  tf.dispose(outputs.map(({ value, mask, logits }) => [value, mask, logits]));
  tf.dispose(rowUses.map(({ indices, gradient }) => [indices, gradient]));
}

type Weight = tf.LayersModel['weights'][number];

interface Trainable {
  weight: Weight;
  variable: tf.Variable;
}

function variableOf(weight: Weight): tf.Variable {
  const value = weight.read();
  if (value instanceof tf.Variable) return value;
  throw modelError(`weight ${weight.originalName} is not a variable of tfjs`);
}

/** tfjs keeps the states from before every training batch, for a gradient that has been taken by now. */
function releaseKept(layer: tf.RNN): void {
  const kept: unknown = Reflect.get(layer, 'keptStates');
  if (Array.isArray(kept)) tf.dispose(kept.splice(0));
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

/** What a layer of tfjs's does otherwise than Keras's and lets itself be told. */
function asInKeras(layer: tf.layers.Layer): void {
  for (const holder of isRecurrent(layer) ? [layer, ...cellsIn(layer)] : [layer]) withoutSlopesAtZero(tf, holder);
}
