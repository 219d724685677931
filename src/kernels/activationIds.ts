/**
 * The activations the kernels know, by number: shared by the AssemblyScript kernels and the engine's plan. Compiled by
 * both compilers, so nothing here but what both understand.
 */
export enum ActivationId {
  linear = 0,
  relu = 1,
  relu6 = 2,
  leakyRelu = 3,
  elu = 4,
  selu = 5,
  sigmoid = 6,
  hardSigmoid = 7,
  /** Keras 2's and TensorFlow.js's: 0.2·x + 1/2, clipped to [0, 1]. */
  hardSigmoid2 = 8,
  sparseSigmoid = 9,
  tanh = 10,
  hardTanh = 11,
  softplus = 12,
  squareplus = 13,
  sparsePlus = 14,
  logSigmoid = 15,
  softsign = 16,
  exponential = 17,
  hardShrink = 18,
  softShrink = 19,
  silu = 20,
  hardSilu = 21,
  gelu = 22,
  geluTanh = 23,
  mish = 24,
  tanhShrink = 25,
  softmax = 26,
  logSoftmax = 27,
}

/** Whether the derivative is taken from the activation's input; otherwise from its output. */
export function slopeTakesInput(id: ActivationId): boolean {
  return id >= ActivationId.silu && id <= ActivationId.tanhShrink;
}
