/**
 * The LSTM layer, forward and backward through time: the specification that the fast kernels are checked against, and the
 * kernel of backends without a faster one. Layouts, gate order and masks are Keras's.
 *
 *     i = σ(x·Wᵢ + h·Uᵢ + bᵢ)    f = σ(x·W_f + h·U_f + b_f)    C̃ = tanh(x·W_c + h·U_c + b_c)    o = σ(x·Wₒ + h·Uₒ + bₒ)
 *     C' = f∘C + i∘C̃             h' = o∘tanh(C')
 *
 * Dimensions: B batch, T steps, I inputs, U units. All buffers are row-major; of a 4U-wide row the first U columns
 * belong to i, then f, C̃ (Keras: c) and o. A "step" s counts in the order of processing: with goBackwards, step 0 reads x at T−1.
 */
import { type Activation, sigmoid, tanh } from './activations.js';

/** Float64Array serves finite differences; everything else is float32. Results have the type of x. */
export type Floats = Float32Array | Float64Array;

export interface LSTMSizes {
  /** B */
  batch: number;
  /** T */
  steps: number;
  /** I */
  inputs: number;
  /** U */
  units: number;
}

export interface LSTMOperands<F extends Floats = Floats> {
  /** (B,T,I) */
  x: F;
  /** W (I,4U) */
  kernel: F;
  /** U (U,4U) */
  recurrentKernel: F;
  /** b (4U); zeros if absent */
  bias?: F;
  /** (B,U); zeros if absent */
  initialH?: F;
  /** (B,U); zeros if absent */
  initialC?: F;
  /** (B,T), zero where a step is masked: it leaves h and C as they are and repeats the output before it, at first zeros. */
  mask?: ArrayLike<number>;
  /** (B,U): factors on h in the products with U, the same at every step (recurrent dropout, already scaled). */
  recurrentDropout?: F;
}

export interface LSTMOptions {
  /** Of C̃ and of C' in h'; tanh if absent. */
  activation?: Activation;
  /** Of i, f and o; sigmoid if absent. */
  recurrentActivation?: Activation;
  /** Reads x from the last step to the first. y is in the order of processing, so it comes out reversed. */
  goBackwards?: boolean;
}

/** What the backward pass needs of the forward pass, by step in the order of processing. */
export interface LSTMWorkspace<F extends Floats = Floats> {
  /** Gates before their activation (T,B,4U). Undefined at masked steps. */
  z: F;
  /** h before step s, and after the last (T+1,B,U). */
  h: F;
  /** C before step s, and after the last (T+1,B,U). */
  c: F;
}

/** With returnSequences the layer's output is y, otherwise last; with returnState h and c follow. */
export interface LSTMOutputs<F extends Floats = Floats> {
  /** Every step's output (B,T,U), in the order of processing. */
  y: F;
  /** The last step's output (B,U): h, except for a sequence that is masked throughout, which gives zeros. */
  last: F;
  /** h' of the last step (B,U). */
  h: F;
  /** C' of the last step (B,U). */
  c: F;
}

export interface LSTMGradients<F extends Floats = Floats> {
  /** (B,T,I) */
  x: F;
  /** (I,4U) */
  kernel: F;
  /** (U,4U) */
  recurrentKernel: F;
  /** (4U) */
  bias: F;
  /** (B,U) */
  initialH: F;
  /** (B,U) */
  initialC: F;
}

/** How many numbers an LSTMWorkspace holds. */
export function workspaceLength({ batch, steps, units }: LSTMSizes): number {
  return steps * batch * 4 * units + 2 * (steps + 1) * batch * units;
}

/** Lays an LSTMWorkspace out in a buffer of workspaceLength(sizes) numbers. */
export function layOutWorkspace<F extends Floats>(buffer: F, { batch, steps, units }: LSTMSizes): LSTMWorkspace<F> {
  const zEnd = steps * batch * 4 * units;
  const hEnd = zEnd + (steps + 1) * batch * units;
  const part = (start: number, end?: number) => buffer.subarray(start, end) as F;
  return { z: part(0, zEnd), h: part(zEnd, hEnd), c: part(hEnd) };
}

/** Runs the layer over all steps, fills the workspace and returns the outputs. */
export function lstmForward<F extends Floats>(
  operands: LSTMOperands<F>,
  sizes: LSTMSizes,
  options: LSTMOptions = {},
  workspace: LSTMWorkspace<F> = layOutWorkspace(zeros(operands.x, workspaceLength(sizes)), sizes),
): LSTMOutputs<F> {
  const { batch, steps, inputs, units } = sizes;
  const { x, kernel, recurrentKernel, bias, mask, recurrentDropout } = operands;
  const { activation = tanh, recurrentActivation = sigmoid, goBackwards = false } = options;
  const { h, c } = workspace;
  const state = batch * units;
  if (operands.initialH) h.set(operands.initialH);
  else h.fill(0, 0, state);
  if (operands.initialC) c.set(operands.initialC);
  else c.fill(0, 0, state);
  const y = zeros(x, batch * steps * units);
  const z = new Float64Array(4 * units);
  const hUsed = new Float64Array(units);

  for (let s = 0; s < steps; s++) {
    const t = goBackwards ? steps - 1 - s : s;
    for (let b = 0; b < batch; b++) {
      const before = (s * batch + b) * units;
      const after = before + state;
      const yRow = (b * steps + s) * units;
      if (mask && !mask[b * steps + t]) {
        h.copyWithin(after, before, before + units);
        c.copyWithin(after, before, before + units);
        if (s > 0) y.copyWithin(yRow, yRow - units, yRow);
      } else {
        if (bias) z.set(bias);
        else z.fill(0);
        addVectorTimesMatrix(z, x, (b * steps + t) * inputs, inputs, kernel);
        for (let u = 0; u < units; u++) hUsed[u] = h[before + u] * (recurrentDropout?.[b * units + u] ?? 1);
        addVectorTimesMatrix(z, hUsed, 0, units, recurrentKernel);
        workspace.z.set(z, (s * batch + b) * 4 * units);
        for (let u = 0; u < units; u++) {
          const i = recurrentActivation.apply(z[u]);
          const f = recurrentActivation.apply(z[units + u]);
          const candidate = activation.apply(z[2 * units + u]);
          const o = recurrentActivation.apply(z[3 * units + u]);
          const cNew = f * c[before + u] + i * candidate;
          c[after + u] = cNew;
          h[after + u] = o * activation.apply(cNew);
        }
        y.set(h.subarray(after, after + units), yRow);
      }
    }
  }
  const last = zeros(x, state);
  for (let b = 0; b < batch; b++)
    last.set(y.subarray(((b + 1) * steps - 1) * units, (b + 1) * steps * units), b * units);
  return { y, last, h: h.slice(steps * state) as F, c: c.slice(steps * state) as F };
}

/**
 * The gradients of every operand, given those of the outputs (absent: zero), by going back through the steps:
 *
 *     dh' += dy'           do = dh'∘tanh(C')     dC' += dh'∘o∘tanh'(C')
 *     di = dC'∘C̃           df = dC'∘C            dC̃ = dC'∘i             dC = dC'∘f
 *     dz = [di, df, dC̃, do] ∘ [σ', σ', tanh', σ'](z)
 *     dx = dz·Wᵀ           dh = dz·Uᵀ            dW += xᵀ·dz            dU += hᵀ·dz            db += dz
 *
 * where dy' is the gradient of this step's output and of the masked steps after it that repeat it.
 *
 * @param workspace as lstmForward with the same operands, sizes and options left it; it is not changed.
 */
export function lstmBackward<F extends Floats>(
  outputGradients: Partial<LSTMOutputs<F>>,
  operands: LSTMOperands<F>,
  sizes: LSTMSizes,
  options: LSTMOptions,
  workspace: LSTMWorkspace<F>,
): LSTMGradients<F> {
  const { batch, steps, inputs, units } = sizes;
  const { x, kernel, recurrentKernel, mask, recurrentDropout } = operands;
  const { activation = tanh, recurrentActivation = sigmoid, goBackwards = false } = options;
  const { h, c } = workspace;
  const dx = zeros(x, x.length);
  const dKernel = new Float64Array(kernel.length);
  const dRecurrentKernel = new Float64Array(recurrentKernel.length);
  const dBias = new Float64Array(4 * units);
  const dh = Float64Array.from(outputGradients.h ?? zeros(x, batch * units));
  const dc = Float64Array.from(outputGradients.c ?? zeros(x, batch * units));
  const dy = Float64Array.from(outputGradients.last ?? zeros(x, batch * units));
  const dz = new Float64Array(4 * units);
  const hUsed = new Float64Array(units);

  for (let s = steps - 1; s >= 0; s--) {
    const t = goBackwards ? steps - 1 - s : s;
    for (let b = 0; b < batch; b++) {
      const row = b * units;
      const before = (s * batch + b) * units;
      const after = before + batch * units;
      const yRow = (b * steps + s) * units;
      if (outputGradients.y) for (let u = 0; u < units; u++) dy[row + u] += outputGradients.y[yRow + u];
      if (mask && !mask[b * steps + t]) continue;
      for (let u = 0; u < units; u++) {
        dh[row + u] += dy[row + u];
        dy[row + u] = 0;
      }

      const z = workspace.z.subarray(4 * before, 4 * before + 4 * units);
      for (let u = 0; u < units; u++) {
        const [zi, zf, zc, zo] = [z[u], z[units + u], z[2 * units + u], z[3 * units + u]];
        const i = recurrentActivation.apply(zi);
        const f = recurrentActivation.apply(zf);
        const candidate = activation.apply(zc);
        const o = recurrentActivation.apply(zo);
        const cNew = c[after + u];
        const cActivated = activation.apply(cNew);
        const dcNew = dc[row + u] + dh[row + u] * o * activation.derivative(cNew, cActivated);
        dz[u] = dcNew * candidate * recurrentActivation.derivative(zi, i);
        dz[units + u] = dcNew * c[before + u] * recurrentActivation.derivative(zf, f);
        dz[2 * units + u] = dcNew * i * activation.derivative(zc, candidate);
        dz[3 * units + u] = dh[row + u] * cActivated * recurrentActivation.derivative(zo, o);
        dc[row + u] = dcNew * f;
      }
      const xRow = (b * steps + t) * inputs;
      setMatrixTimesVector(dx, xRow, inputs, kernel, dz);
      setMatrixTimesVector(dh, row, units, recurrentKernel, dz);
      for (let u = 0; u < units; u++) {
        const factor = recurrentDropout?.[row + u] ?? 1;
        hUsed[u] = h[before + u] * factor;
        dh[row + u] *= factor;
      }
      addOuterProduct(dKernel, x, xRow, inputs, dz);
      addOuterProduct(dRecurrentKernel, hUsed, 0, units, dz);
      for (let j = 0; j < 4 * units; j++) dBias[j] += dz[j];
    }
  }
  return {
    x: dx,
    kernel: like(x, dKernel),
    recurrentKernel: like(x, dRecurrentKernel),
    bias: like(x, dBias),
    initialH: like(x, dh),
    initialC: like(x, dc),
  };
}

/** out (N) += v[offset…] (K) · matrix (K,N) */
function addVectorTimesMatrix(out: Float64Array, v: Floats, offset: number, K: number, matrix: Floats): void {
  const N = out.length;
  for (let k = 0; k < K; k++) {
    const value = v[offset + k];
    for (let n = 0; n < N; n++) out[n] += value * matrix[k * N + n];
  }
}

/** out[offset…] (K) = matrix (K,N) · v (N) */
function setMatrixTimesVector(out: Floats, offset: number, K: number, matrix: Floats, v: Float64Array): void {
  const N = v.length;
  for (let k = 0; k < K; k++) {
    let sum = 0;
    for (let n = 0; n < N; n++) sum += matrix[k * N + n] * v[n];
    out[offset + k] = sum;
  }
}

/** out (K,N) += a[offset…] (K) ⊗ v (N) */
function addOuterProduct(out: Float64Array, a: Floats, offset: number, K: number, v: Float64Array): void {
  const N = v.length;
  for (let k = 0; k < K; k++) {
    const value = a[offset + k];
    for (let n = 0; n < N; n++) out[k * N + n] += value * v[n];
  }
}

/** An array of the model's type. */
function zeros<F extends Floats>(model: F, length: number): F {
  return (model instanceof Float64Array ? new Float64Array(length) : new Float32Array(length)) as F;
}

function like<F extends Floats>(model: F, values: Float64Array): F {
  return (model instanceof Float64Array ? values : Float32Array.from(values)) as F;
}
