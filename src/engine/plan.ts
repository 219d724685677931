/** From a tfjs model and what compile() fixed to the engine's plan, or the reason why there is none. */
import { wasmObstacle } from '../kernels/module.js';
import { statefulBatch } from '../model/walk.js';
import type * as tf from '../tf.js';
import type { Compiled } from '../training/compile.js';
import { lossLogits, type OutputLogits } from '../training/forward.js';
import { isChain } from '../training/graph.js';
import type { Loss } from '../training/losses.js';
import { LEAST_EPSILON, type Optimizer } from '../training/optimizers.js';
import type { LayerPlan, WeightPlan } from './layerPlan.js';
import type { LossKind, LossPlan, OptimizerPlan, Plan } from './planData.js';
import { planLayer, Unsupported } from './planLayers.js';

/** Kinds of first layer that take batch-major rows as they come. */
const TAKES_ANY_ROWS: ReadonlySet<LayerPlan['kind']> = new Set([
  'arrange',
  'bidirectional',
  'embedding',
  'flatten',
  'gru',
  'lstm',
  'simpleRNN',
]);

/**
 * Plans a model. What the engine does not run, it names: { reason } says which layer, option, loss or optimizer.
 */
export function planModel(
  model: tf.LayersModel,
  compiled: Pick<Compiled, 'loss' | 'optimizer'>,
): { plan: Plan } | { reason: string } {
  try {
    return { plan: plannedModel(model, compiled) };
  } catch (error) {
    if (error instanceof Unsupported) return { reason: error.message };
    throw error;
  }
}

function plannedModel(model: tf.LayersModel, { loss, optimizer }: Pick<Compiled, 'loss' | 'optimizer'>): Plan {
  const obstacle = wasmObstacle();
  if (obstacle !== undefined) throw new Unsupported(obstacle);
  if (!isChain(model)) throw new Unsupported('the model has branches');
  const shape = model.inputs[0].shape;
  const stack = model.layers.filter((layer) => layer.getClassName() !== 'InputLayer');
  const weights: (WeightPlan | undefined)[] = model.weights.map(() => undefined);
  const planned: LayerPlan[] = [];
  const integers = stack[0].getClassName() === 'Embedding';
  const sequence = integers ? shape.length === 2 : shape.length === 3;
  if (!sequence && (integers || shape.length !== 2))
    throw new Unsupported(
      `its input has ${shape.length} axes; the engine takes (samples, features) and (samples, steps, features)`,
    );
  const state = { sequence, width: integers ? 1 : Number(shape[shape.length - 1]) };
  const input = { ...state, integers };
  if (!integers && !(state.width > 0)) throw new Unsupported('its number of features is open');
  for (const layer of stack) {
    const path = String(model.layers.indexOf(layer));
    planned.push(...planLayer(layer, path, { model, weights, state, first: planned.length === 0 }));
  }
  const first: LayerPlan | undefined = planned[0];
  if (input.sequence && !(first && TAKES_ANY_ROWS.has(first.kind))) planned.unshift({ kind: 'arrange' });
  const known = weights.filter((weight) => weight !== undefined);
  if (known.length !== weights.length) throw new Unsupported('it has weights that no layer of the engine uses');
  const batch = statefulBatch(model);
  return {
    weights: known,
    layers: planned,
    input,
    ...(batch !== undefined && { batch }),
    output: { ...state },
    ...planLosses(loss, lossLogits(model, loss), planned),
    optimizer: planOptimizer(optimizer, known),
  };
}

const PLAIN_LOSSES: Record<string, LossKind> = {
  meanSquaredError: 'squared',
  meanAbsoluteError: 'absolute',
  huber: 'huber',
  categoricalCrossentropy: 'categorical',
  sparseCategoricalCrossentropy: 'sparseCategorical',
  binaryCrossentropy: 'binary',
};

const LOGIT_LOSSES: Record<string, LossKind> = {
  categoricalCrossentropy: 'softmaxCategorical',
  sparseCategoricalCrossentropy: 'softmaxSparse',
  binaryCrossentropy: 'sigmoidBinary',
};

/** The loss in training and in evaluation. An activation whose input is read beside its output keeps that input. */
function planLosses(
  loss: Loss,
  logits: OutputLogits | undefined,
  layers: LayerPlan[],
): Pick<Plan, 'loss' | 'evaluationLoss'> {
  if (!Object.hasOwn(PLAIN_LOSSES, loss.name)) throw new Unsupported('its loss is a function of its own');
  const reads = layers.findLastIndex(({ kind }) => kind === 'activation');
  const activation = layers[reads];
  if (!logits || activation?.kind !== 'activation') return { loss: planLoss(loss) };
  const takesActivation = reads === layers.length - 1 && loss.logitsOf === logits.activation;
  if (!takesActivation) layers[reads] = { ...activation, inPlace: false };
  const ofLogits = planLoss(loss, { reads, takesActivation });
  return logits.evaluationOnly ? { loss: planLoss(loss), evaluationLoss: ofLogits } : { loss: ofLogits };
}

function planLoss(loss: Loss, logits?: Required<Pick<LossPlan, 'reads' | 'takesActivation'>>): LossPlan {
  const kinds = logits || loss.config.fromLogits === true ? LOGIT_LOSSES : PLAIN_LOSSES;
  const option = Number(loss.config.labelSmoothing ?? loss.config.delta ?? 0);
  const labels = loss.targets === 'labels';
  return { kind: kinds[loss.name], option, labels, ...(logits ?? { takesActivation: false }) };
}

function planOptimizer(optimizer: Optimizer, weights: readonly WeightPlan[]): OptimizerPlan {
  const { config } = optimizer;
  const number = (name: string) => (typeof config[name] === 'number' ? Number(config[name]) : 0);
  const { name, slotNames } = optimizer;
  const rules: Record<Optimizer['name'], OptimizerPlan['rule']> = {
    sgd: slotNames.length === 0 ? 'sgd' : 'sgdMomentum',
    rmsprop: 'rmsprop',
    adam: config.amsgrad === true ? 'adamAmsgrad' : 'adam',
    adamw: config.amsgrad === true ? 'adamAmsgrad' : 'adam',
  };
  const { clipnorm, globalClipnorm, clipvalue, weightDecay } = config;
  let clip: OptimizerPlan['clip'];
  if (clipnorm !== null) clip = { kind: 'norm', limit: clipnorm };
  if (globalClipnorm !== null) clip = { kind: 'globalNorm', limit: globalClipnorm };
  if (clipvalue !== null) clip = { kind: 'value', limit: clipvalue };
  return {
    rule: rules[name],
    slots: slotNames.length,
    momentum: number('momentum'),
    nesterov: config.nesterov === true,
    rho: number('rho'),
    centered: config.centered === true,
    beta1: number('beta1'),
    beta2: number('beta2'),
    epsilon: Math.max(number('epsilon'), LEAST_EPSILON),
    weightDecay: weightDecay ?? 0,
    decays: weights.map(({ name: weight, shape }) =>
      optimizer.decays({ name: weight, size: shape.reduce((product, size) => product * size, 1) }),
    ),
    clip,
  };
}
