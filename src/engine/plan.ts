/** From a tfjs model and what compile() fixed to the engine's plan, or the reason why there is none. */
import { wasmObstacle } from '../kernels/module.js';
import { statefulBatch } from '../model/walk.js';
import { Unsupported } from '../plan/unsupported.js';
import type * as tf from '../tf.js';
import type { Compiled } from '../training/compile.js';
import { lossLogits, type OutputLogits } from '../training/forward.js';
import type { Loss } from '../training/losses.js';
import { keepingWhatIsRead } from './nodes.js';
import { firstSignals, type LossKind, type LossPlan, type OutputPlan, type Plan } from './planData.js';
import { type Graph, planGraph } from './planGraph.js';
import { planOptimizer } from './planOptimizer.js';

type Training = Pick<Compiled, 'loss' | 'optimizer' | 'outputs'>;

/**
 * Plans a model. What the engine does not run, it names: { reason } says which layer, option, loss or optimizer.
 */
export function planModel(model: tf.LayersModel, compiled: Training): { plan: Plan } | { reason: string } {
  try {
    return { plan: plannedModel(model, compiled) };
  } catch (error) {
    if (error instanceof Unsupported) return { reason: error.message };
    throw error;
  }
}

function plannedModel(model: tf.LayersModel, { optimizer, ...compiled }: Training): Plan {
  const obstacle = wasmObstacle();
  if (obstacle !== undefined) throw new Unsupported(obstacle);
  const graph = planGraph(model);
  const { nodes, inputs, weights } = graph;
  const batch = statefulBatch(model);
  const outputs = graph.outputs.map(({ number: signal, ...flow }, i): OutputPlan => {
    const { loss, weight } = compiled.outputs?.[i] ?? { loss: compiled.loss, weight: 1 };
    return {
      ...flow,
      signal,
      weight,
      ...planLosses(loss, flow.width, lossLogits(model, loss, i), activationBefore(graph, signal)),
    };
  });
  return {
    weights,
    nodes: keepingWhatIsRead(nodes, outputs),
    inputs,
    ...(batch !== undefined && { batch }),
    outputs,
    optimizer: planOptimizer(optimizer, weights),
  };
}

const PLAIN_LOSSES: Record<string, LossKind> = {
  meanSquaredError: 'squared',
  meanAbsoluteError: 'absolute',
  huber: 'huber',
  categoricalCrossentropy: 'categorical',
  sparseCategoricalCrossentropy: 'sparseCategorical',
  binaryCrossentropy: 'binary',
  meanAbsolutePercentageError: 'percentage',
  meanSquaredLogarithmicError: 'logarithmic',
  logCosh: 'logCosh',
  poisson: 'poisson',
  quantile: 'quantile',
  gaussianLikelihood: 'gaussian',
  cosineSimilarity: 'cosine',
  kullbackLeiblerDivergence: 'divergence',
  hinge: 'hinge',
  categoricalHinge: 'categoricalHinge',
  binaryFocalCrossentropy: 'binaryFocal',
  categoricalFocalCrossentropy: 'categoricalFocal',
};

const LOGIT_LOSSES: Record<string, LossKind> = {
  categoricalCrossentropy: 'softmaxCategorical',
  sparseCategoricalCrossentropy: 'softmaxSparse',
  binaryCrossentropy: 'sigmoidBinary',
};

/** The activation that an output comes from. */
interface OutputActivation {
  /** The signal that it reads. */
  logits: number;
  /** The output is what it gives, and nobody else reads that. */
  isLast: boolean;
}

/** Goes back from an output past what is behind its activation: where that makes logits probabilities, layers that only pass it on. */
function activationBefore({ nodes, inputs, outputs }: Graph, output: number): OutputActivation | undefined {
  const firstOf = firstSignals({ nodes, inputs });
  for (let signal = output; ; ) {
    const at = firstOf.findLastIndex((first) => first <= signal);
    if (at < 0) return undefined;
    const node = nodes[at];
    [signal] = node.inputs;
    if (node.layer.kind !== 'activation') continue;
    const readers =
      nodes.filter((other) => other.inputs.includes(output)).length +
      outputs.filter(({ number }) => number === output).length;
    return { logits: signal, isLast: firstOf[at] === output && readers === 1 };
  }
}

/** The loss in training and in evaluation. */
function planLosses(
  loss: Loss,
  width: number,
  logits: OutputLogits | undefined,
  activation: OutputActivation | undefined,
): Pick<OutputPlan, 'loss' | 'evaluationLoss'> {
  if (!Object.hasOwn(PLAIN_LOSSES, loss.name))
    throw new Unsupported(
      loss.name === 'custom'
        ? 'its loss is a function of its own'
        : `the engine has no kernel for its loss, ${loss.name}`,
    );
  if (loss.name === 'gaussianLikelihood' && width !== 2)
    throw new Unsupported(`${loss.name} takes an output of 2 numbers, not ${width}`);
  if (!logits || !activation) return { loss: planLoss(loss) };
  const takesActivation = activation.isLast && loss.logitsOf === logits.activation;
  const ofLogits = planLoss(loss, { reads: activation.logits, takesActivation });
  return logits.evaluationOnly ? { loss: planLoss(loss), evaluationLoss: ofLogits } : { loss: ofLogits };
}

function planLoss(loss: Loss, logits?: Required<Pick<LossPlan, 'reads' | 'takesActivation'>>): LossPlan {
  const { alpha, gamma, applyClassBalancing, fromLogits } = loss.config;
  const focal = gamma !== undefined && {
    focal: {
      alpha: Number(alpha),
      gamma: Number(gamma),
      balanced: applyClassBalancing === true,
      ofLogits: fromLogits === true,
    },
  };
  const kinds = logits || (fromLogits === true && !focal) ? LOGIT_LOSSES : PLAIN_LOSSES;
  const option = Number(loss.config.labelSmoothing ?? loss.config.delta ?? loss.config.quantile ?? 0);
  const labels = loss.targets === 'labels';
  return { kind: kinds[loss.name], option, labels, ...focal, ...(logits ?? { takesActivation: false }) };
}
