/** Activation functions that act on one number at a time, with their derivatives, as Keras 3 defines them. */

export interface Activation {
  /** y = a(z) */
  apply(z: number): number;
  /** a'(z), given z and y = a(z). */
  derivative(z: number, y: number): number;
}

export const linear: Activation = {
  apply: (z) => z,
  derivative: () => 1,
};

export const tanh: Activation = {
  apply: Math.tanh,
  derivative: (_, y) => 1 - y * y,
};

/** σ(z) = 1 / (1 + e⁻ᶻ) */
export const sigmoid: Activation = {
  apply: (z) => 1 / (1 + Math.exp(-z)),
  derivative: (_, y) => y * (1 - y),
};

/** Keras 3's: z/6 + 1/2, clipped to [0, 1]. (TensorFlow.js and Keras 2 have 0.2·z + 1/2.) */
export const hardSigmoid: Activation = {
  apply: (z) => Math.min(1, Math.max(0, z / 6 + 0.5)),
  derivative: (z) => (z > -3 && z < 3 ? 1 / 6 : 0),
};

export const relu: Activation = {
  apply: (z) => Math.max(0, z),
  derivative: (z) => (z > 0 ? 1 : 0),
};

/** z for z > 0, otherwise eᶻ − 1. */
export const elu: Activation = {
  apply: (z) => (z > 0 ? z : Math.expm1(z)),
  derivative: (z, y) => (z > 0 ? 1 : y + 1),
};

/** ln(1 + eᶻ), written so that large z does not overflow. */
export const softplus: Activation = {
  apply: (z) => Math.max(0, z) + Math.log1p(Math.exp(-Math.abs(z))),
  derivative: (z) => sigmoid.apply(z),
};

/** z / (1 + |z|) */
export const softsign: Activation = {
  apply: (z) => z / (1 + Math.abs(z)),
  derivative: (z) => 1 / (1 + Math.abs(z)) ** 2,
};

/** z·σ(z), also called silu. */
export const swish: Activation = {
  apply: (z) => z * sigmoid.apply(z),
  derivative: (z, y) => y + sigmoid.apply(z) * (1 - y),
};
