/** Runs a tfjs model's plan on the engine: the model's variables and states stay whose they are. */
import { setWeight } from '../model/initialise.js';
import { statefulLayers } from '../model/walk.js';
import * as tf from '../tf.js';
import type { LayersModel } from '../tfjsTypes.js';
import type { Compiled } from '../training/compile.js';
import { type EngineOptions, EngineRunner, type OwnedWeights } from './engineRunner.js';
import type { Plan } from './planData.js';
import { TfjsStates } from './tfjsStates.js';

/** The runner of a model that planModel() has planned. */
export function createEngineRunner(
  model: LayersModel,
  compiled: Pick<Compiled, 'optimizer'>,
  plan: Plan,
  options: EngineOptions = {},
): EngineRunner {
  const weights = new TfjsWeights(model.weights);
  if (plan.batch === undefined) return new EngineRunner({ weights }, compiled, plan, options);
  const states = (program: () => EngineRunner['program']) =>
    new TfjsStates(statefulLayers(model), () => program().states);
  return new EngineRunner({ weights, states }, compiled, plan, options);
}

type Variable = tf.LayersModel['weights'][number];

class TfjsWeights implements OwnedWeights {
  constructor(private readonly variables: readonly Variable[]) {}

  /** A variable that is assigned has a tensor of other data. */
  identity(weight: number): object {
    return this.variables[weight].read().dataId;
  }

  read(weight: number): Float32Array {
    return Float32Array.from(this.variables[weight].read().dataSync());
  }

  write(weight: number, values: Float32Array): void {
    const variable = this.variables[weight];
    tf.tidy(() => {
      setWeight(variable, tf.tensor(values, variable.shape.map(Number)));
    });
  }
}
