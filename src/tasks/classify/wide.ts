import { modelError } from '../../errors.js';
import type { Sequential } from '../../sequential.js';
import { buildNetwork, compileNetwork, type Recipe } from './network.js';

/** The weights of Dense(units, relu), Dense(classes, softmax), row-major. */
export interface HiddenLayer {
  inputs: number;
  units: number;
  classes: number;
  /** (inputs, units) */
  kernel: Float32Array;
  bias: Float32Array;
  /** (units, classes) */
  out: Float32Array;
  outBias: Float32Array;
}

export interface LinearLayer {
  inputs: number;
  classes: number;
  /** (inputs, classes) */
  kernel: Float32Array;
  bias: Float32Array;
}

export function hiddenLayerOf(model: Sequential): HiddenLayer {
  const [kernel, bias, out, outBias] = model.getWeights();
  const [inputs, units] = kernel.shape;
  return {
    inputs,
    units,
    classes: out.shape[1],
    kernel: kernel.data,
    bias: bias.data,
    out: out.data,
    outBias: outBias.data,
  };
}

export function linearLayerOf(model: Sequential): LinearLayer {
  const [kernel, bias] = model.getWeights();
  const [inputs, classes] = kernel.shape;
  return { inputs, classes, kernel: kernel.data, bias: bias.data };
}

/**
 * Networks of one hidden layer and linear ones as one network of one wider hidden layer, whose logits are
 *
 *     w · mean of the networks' logits + (1 − w) · mean of the linear logits
 *
 * The networks' units stand side by side, their output weights times w / M. A linear logit l is relu(l) − relu(−l), two
 * units a class, exactly. The softmax of mean logits is the normalised geometric mean of the members' probabilities.
 */
export function joinNetworks(members: readonly HiddenLayer[], linear: readonly LinearLayer[], w: number): HiddenLayer {
  const networks = w > 0 ? members : [];
  const [{ inputs, classes }] = w > 0 ? networks : linear;
  const own = networks.reduce((sum, { units }) => sum + units, 0);
  const units = own + (w < 1 ? 2 * classes : 0);
  const joined: HiddenLayer = {
    inputs,
    units,
    classes,
    kernel: new Float32Array(inputs * units),
    bias: new Float32Array(units),
    out: new Float32Array(units * classes),
    outBias: new Float32Array(classes),
  };
  const share = w / networks.length;
  let first = 0;
  for (const network of networks) {
    if (network.inputs !== inputs || network.classes !== classes) {
      throw modelError('networks of different shapes cannot be joined');
    }
    for (let i = 0; i < inputs; i++) {
      joined.kernel.set(network.kernel.subarray(i * network.units, (i + 1) * network.units), i * units + first);
    }
    joined.bias.set(network.bias, first);
    joined.out.set(
      network.out.map((value) => value * share),
      first * classes,
    );
    for (let c = 0; c < classes; c++) joined.outBias[c] += network.outBias[c] * share;
    first += network.units;
  }
  if (w >= 1) return joined;
  for (let c = 0; c < classes; c++) {
    const [up, down] = [own + 2 * c, own + 2 * c + 1];
    for (const { kernel, bias } of linear) {
      for (let i = 0; i < inputs; i++) joined.kernel[i * units + up] += kernel[i * classes + c] / linear.length;
      joined.bias[up] += bias[c] / linear.length;
    }
    for (let i = 0; i < inputs; i++) joined.kernel[i * units + down] = -joined.kernel[i * units + up];
    joined.bias[down] = -joined.bias[up];
    joined.out[up * classes + c] = 1 - w;
    joined.out[down * classes + c] = w - 1;
  }
  return joined;
}

/** The joined network as a model that is ready to predict, save and train on. */
export function joinedModel(
  networks: readonly HiddenLayer[],
  linear: readonly LinearLayer[],
  w: number,
  recipe: Recipe,
): { model: Sequential; layers: string } {
  const { inputs, units, classes, kernel, bias, out, outBias } = joinNetworks(networks, linear, w);
  const layers = `Dense(${units}, relu), Dense(${classes}, softmax)`;
  const model = buildNetwork({ ...recipe, layers }, 0);
  model.setWeights([
    { data: kernel, shape: [inputs, units] },
    { data: bias, shape: [units] },
    { data: out, shape: [units, classes] },
    { data: outBias, shape: [classes] },
  ]);
  compileNetwork(model, recipe);
  return { model, layers };
}
