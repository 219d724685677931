import { camelCase } from '../../spelling.js';
import { float, type GraphBuilder } from './builder.js';

/** A function inside a recurrent operator, with the numbers that the operator gives it. */
export interface RecurrentActivation {
  name: string;
  alpha?: number;
  beta?: number;
}

/** The functions that ONNX's recurrent operators have, by Keras's name in camelCase. */
const recurrent: Record<string, RecurrentActivation> = {
  tanh: { name: 'Tanh' },
  sigmoid: { name: 'Sigmoid' },
  relu: { name: 'Relu' },
  linear: { name: 'Affine', alpha: 1, beta: 0 },
  hardSigmoid: { name: 'HardSigmoid', alpha: 0.2, beta: 0.5 },
  hardSigmoidKeras3: { name: 'HardSigmoid', alpha: 1 / 6, beta: 0.5 },
  sparseSigmoid: { name: 'HardSigmoid', alpha: 0.5, beta: 0.5 },
  elu: { name: 'Elu', alpha: 1 },
  leakyRelu: { name: 'LeakyRelu', alpha: 0.2 },
  softsign: { name: 'Softsign' },
  softplus: { name: 'Softplus' },
};

export const recurrentNames = Object.keys(recurrent);

export function recurrentActivation(name: string): RecurrentActivation | undefined {
  const camel = camelCase(name);
  return Object.hasOwn(recurrent, camel) ? recurrent[camel] : undefined;
}

/** What the functions of a recurrent operator are where it does not say. */
const defaults: Record<string, { alpha?: number; beta?: number }> = {
  affine: { alpha: 1, beta: 0 },
  leakyrelu: { alpha: 0.01 },
  thresholdedrelu: { alpha: 1 },
  scaledtanh: { alpha: 1, beta: 1 },
  hardsigmoid: { alpha: 0.2, beta: 0.5 },
  elu: { alpha: 1 },
};

/**
 * Keras's names of a recurrent operator's functions. The lists alpha and beta hold, in order, the numbers of those functions
 * that take any.
 * @returns for a function that Keras has not: undefined in its place
 */
export function kerasActivations(names: string[], alphas: number[], betas: number[]): (string | undefined)[] {
  let [nextAlpha, nextBeta] = [0, 0];
  return names.map((name) => {
    const lower = name.toLowerCase();
    const own = Object.hasOwn(defaults, lower) ? defaults[lower] : {};
    const alpha = own.alpha === undefined ? undefined : (alphas[nextAlpha++] ?? own.alpha);
    const beta = own.beta === undefined ? undefined : (betas[nextBeta++] ?? own.beta);
    return recurrentNames.find((keras) => {
      const one = recurrent[keras];
      return one.name.toLowerCase() === lower && close(one.alpha, alpha) && close(one.beta, beta);
    });
  });
}

/** Equal as 32-bit floats. */
export function close(a: number | undefined, b: number | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && Math.fround(a) === Math.fround(b));
}

/** Operators that are a function of each number, with Keras's name for it. */
export const elementwise: Record<string, string> = {
  Tanh: 'tanh',
  Sigmoid: 'sigmoid',
  Relu: 'relu',
  Selu: 'selu',
  Softplus: 'softplus',
  Softsign: 'softsign',
  Mish: 'mish',
  Exp: 'exponential',
};

type Write = (graph: GraphBuilder, x: string) => string;

const op =
  (type: string): Write =>
  (graph, x) =>
    graph.op(type, [x]);
const ramp =
  (slope: number): Write =>
  (graph, x) =>
    graph.op('HardSigmoid', [x], { alpha: float(slope), beta: float(0.5) });
const clip =
  (low: number, high: number): Write =>
  (graph, x) =>
    graph.op('Clip', [x, graph.number(low), graph.number(high)]);
const times =
  (factor: Write): Write =>
  (graph, x) =>
    graph.op('Mul', [x, factor(graph, x)]);

/** How an activation on its own is written, by Keras's name in camelCase. */
const writers: Record<string, Write> = {
  linear: (_, x) => x,
  ...Object.fromEntries(Object.entries(elementwise).map(([type, name]) => [name, op(type)])),
  softmax: op('Softmax'),
  logSoftmax: op('LogSoftmax'),
  relu6: clip(0, 6),
  elu: (graph, x) => graph.op('Elu', [x], { alpha: float(1) }),
  leakyRelu: (graph, x) => graph.op('LeakyRelu', [x], { alpha: float(0.2) }),
  gelu: (graph, x) => {
    const erf = graph.op('Erf', [graph.op('Mul', [x, graph.number(Math.SQRT1_2)])]);
    return graph.op('Mul', [graph.op('Mul', [x, graph.number(0.5)]), graph.op('Add', [erf, graph.number(1)])]);
  },
  swish: times(op('Sigmoid')),
  silu: times(op('Sigmoid')),
  hardSigmoid: ramp(0.2),
  hardSigmoidKeras3: ramp(1 / 6),
  hardSilu: times(ramp(1 / 6)),
  hardSwish: times(ramp(1 / 6)),
  hardTanh: clip(-1, 1),
  hardShrink: (graph, x) => graph.op('Shrink', [x], { lambd: float(0.5), bias: float(0) }),
  softShrink: (graph, x) => graph.op('Shrink', [x], { lambd: float(0.5), bias: float(0.5) }),
  tanhShrink: (graph, x) => graph.op('Sub', [x, graph.op('Tanh', [x])]),
  logSigmoid: (graph, x) => graph.op('Neg', [graph.op('Softplus', [graph.op('Neg', [x])])]),
  sparsePlus: (graph, x) => {
    const inner = clip(0, 2)(graph, graph.op('Add', [x, graph.number(1)]));
    const quarter = graph.op('Mul', [graph.op('Mul', [inner, inner]), graph.number(0.25)]);
    return graph.op('Add', [quarter, graph.op('Relu', [graph.op('Sub', [x, graph.number(1)])])]);
  },
  sparseSigmoid: ramp(0.5),
  squareplus: (graph, x) => {
    const root = graph.op('Sqrt', [graph.op('Add', [graph.op('Mul', [x, x]), graph.number(4)])]);
    return graph.op('Mul', [graph.op('Add', [x, root]), graph.number(0.5)]);
  },
};

/** The activation of a value's numbers; undefined for one that memcell cannot write. */
export function writeActivation(graph: GraphBuilder, name: string, x: string): string | undefined {
  const camel = camelCase(name);
  return Object.hasOwn(writers, camel) ? writers[camel](graph, x) : undefined;
}
