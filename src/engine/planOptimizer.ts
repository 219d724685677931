/** What compile() says of an optimizer, as plain data. */
import type { WeightPlan } from '../plan/layerPlan.js';
import { AVERAGE, LEAST_EPSILON, type Optimizer } from '../training/optimizers.js';
import type { OptimizerPlan } from './planData.js';

export function planOptimizer(optimizer: Optimizer, weights: readonly WeightPlan[]): OptimizerPlan {
  const { config } = optimizer;
  const number = (name: string) => (typeof config[name] === 'number' ? Number(config[name]) : 0);
  const { name, slotNames } = optimizer;
  const rules: Record<Optimizer['name'], OptimizerPlan['rule']> = {
    sgd: slotNames.includes('momentum') ? 'sgdMomentum' : 'sgd',
    rmsprop: 'rmsprop',
    adam: config.amsgrad === true ? 'adamAmsgrad' : 'adam',
    adamw: config.amsgrad === true ? 'adamAmsgrad' : 'adam',
    adagrad: 'adagrad',
    adamax: 'adamax',
    nadam: 'nadam',
    lion: 'lion',
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
    batches: config.gradientAccumulationSteps ?? 1,
    average: config.useEma
      ? {
          slot: slotNames.indexOf(AVERAGE),
          momentum: config.emaMomentum,
          frequency: config.emaOverwriteFrequency ?? 0,
        }
      : undefined,
  };
}
