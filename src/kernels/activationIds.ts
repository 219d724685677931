/**
 * The activations the kernels know, by number: shared by the AssemblyScript kernels and the engine's plan. Compiled by
 * both compilers, so nothing here but constants.
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
  tanh = 8,
  softplus = 9,
  softsign = 10,
  exponential = 11,
  silu = 12,
  gelu = 13,
  geluTanh = 14,
  mish = 15,
  softmax = 16,
  logSoftmax = 17,
}
