/**
 * MinGRU, MinLSTM and sLSTM for one sequence in float64, forward and backward through time: the specification that the fast kernels are
 * checked against. Equations and papers: assembly/scan.ts and assembly/slstm.ts.
 */

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** log σ(x) */
const logSigmoid = (x: number) => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));

/** What a cell of U units, in the order of processing, makes of T steps. */
export interface ScanReference {
  /** States before each step and after the last: (T+1, states, U). */
  states: Float64Array;
  /** The gradients of gates (T, g·U) and of the states before the first step (states, U), given those of all states (T+1, states, U). */
  backward(gradients: Float64Array): { gates: Float64Array; initial: Float64Array };
}

/**
 * The states from gates (T, g·U) before their activation, in the order z, h̃ or f, i, h̃.
 * @param initial h (U)
 */
export function minimalReference(
  kind: 'minGRU' | 'minLSTM',
  gates: Float64Array,
  initial: Float64Array,
): ScanReference {
  const units = initial.length;
  const both = kind === 'minLSTM';
  const width = (both ? 3 : 2) * units;
  const steps = gates.length / width;
  const states = new Float64Array((steps + 1) * units);
  states.set(initial);
  const at = (t: number, u: number) => {
    const first = sigmoid(gates[t * width + u]);
    const input = both ? sigmoid(gates[t * width + units + u]) : first;
    const share = both ? input / (first + input) : first;
    return { first, input, share, candidate: gates[t * width + width - units + u] };
  };
  for (let t = 0; t < steps; t++) {
    for (let u = 0; u < units; u++) {
      const { share, candidate } = at(t, u);
      states[(t + 1) * units + u] = (1 - share) * states[t * units + u] + share * candidate;
    }
  }
  return {
    states,
    backward(gradients) {
      const dGates = new Float64Array(gates.length);
      const dh = gradients.slice(steps * units);
      for (let t = steps - 1; t >= 0; t--) {
        for (let u = 0; u < units; u++) {
          const { first, input, share, candidate } = at(t, u);
          const dShare = dh[u] * (candidate - states[t * units + u]);
          const sum = first + input;
          dGates[t * width + u] = dShare * first * (1 - first) * (both ? -input / sum ** 2 : 1);
          if (both) dGates[t * width + units + u] = dShare * input * (1 - input) * (first / sum ** 2);
          dGates[t * width + width - units + u] = dh[u] * share;
          dh[u] = dh[u] * (1 - share) + gradients[t * units + u];
        }
      }
      return { gates: dGates, initial: dh };
    },
  };
}

export interface SLSTMOperands {
  /** W·x + b of every step (T, 4U), in the order i, f, z, o. */
  gates: Float64Array;
  /** R (U/heads, 4U): row d of column u of a gate is what unit d of the head of u has to do with u. */
  recurrentKernel: Float64Array;
  heads: number;
  exponential: boolean;
  /** h, c, n, m (4, U) */
  initial: Float64Array;
}

/** The states h, c, n and m. */
export function slstmReference(
  operands: SLSTMOperands,
): ScanReference & { recurrent(dGates: Float64Array): Float64Array } {
  const { gates, recurrentKernel, heads, exponential, initial } = operands;
  const units = initial.length / 4;
  const size = units / heads;
  const width = 4 * units;
  const steps = gates.length / width;
  const states = new Float64Array((steps + 1) * width);
  states.set(initial);
  const sums = Float64Array.from(gates);
  const state = (t: number, which: number, u: number) => states[t * width + which * units + u];
  const at = (t: number, u: number) => {
    const [input, forget, proposed, output] = [0, 1, 2, 3].map((gate) => sums[t * width + gate * units + u]);
    const isBegun = state(t, 2, u) > 0;
    const kept = (exponential ? forget : logSigmoid(forget)) + state(t, 3, u);
    const m = isBegun ? Math.max(kept, input) : input;
    const i = Math.exp(input - m);
    const f = isBegun ? Math.exp(kept - m) : 0;
    return { forget, m, i, f, z: Math.tanh(proposed), o: sigmoid(output), takesKept: isBegun && kept >= input };
  };
  /** Calls visit for every unit d that unit u reads, with the place of its factor for a gate. */
  const eachRead = (u: number, visit: (d: number, place: (gate: number) => number) => void) => {
    const first = size * Math.floor(u / size);
    for (let d = 0; d < size; d++) visit(first + d, (gate) => d * width + gate * units + u);
  };
  for (let t = 0; t < steps; t++) {
    for (let u = 0; u < units; u++)
      eachRead(u, (d, place) => {
        for (let gate = 0; gate < 4; gate++)
          sums[t * width + gate * units + u] += state(t, 0, d) * recurrentKernel[place(gate)];
      });
    for (let u = 0; u < units; u++) {
      const { m, i, f, z, o } = at(t, u);
      const c = f * state(t, 1, u) + i * z;
      const n = f * state(t, 2, u) + i;
      [(o * c) / n, c, n, m].forEach((value, which) => {
        states[(t + 1) * width + which * units + u] = value;
      });
    }
  }
  return {
    states,
    backward(gradients) {
      const dGates = new Float64Array(gates.length);
      const d = gradients.slice(steps * width);
      for (let t = steps - 1; t >= 0; t--) {
        for (let u = 0; u < units; u++) {
          const { forget, i, f, z, o, takesKept } = at(t, u);
          const [c, n] = [state(t + 1, 1, u), state(t + 1, 2, u)];
          const dh = d[u];
          const dc = d[units + u] + (dh * o) / n;
          const dn = d[2 * units + u] - (dh * o * c) / n ** 2;
          const ofInput = (dc * z + dn) * i;
          const ofForget = (dc * state(t, 1, u) + dn * state(t, 2, u)) * f;
          const rest = d[3 * units + u] - ofInput - ofForget;
          const dLogForget = ofForget + (takesKept ? rest : 0);
          dGates[t * width + u] = ofInput + (takesKept ? 0 : rest);
          dGates[t * width + units + u] = dLogForget * (exponential ? 1 : sigmoid(-forget));
          dGates[t * width + 2 * units + u] = dc * i * (1 - z * z);
          dGates[t * width + 3 * units + u] = ((dh * c) / n) * o * (1 - o);
          d[units + u] = dc * f;
          d[2 * units + u] = dn * f;
          d[3 * units + u] = dLogForget;
        }
        d.fill(0, 0, units);
        for (let u = 0; u < units; u++)
          eachRead(u, (from, place) => {
            for (let gate = 0; gate < 4; gate++)
              d[from] += dGates[t * width + gate * units + u] * recurrentKernel[place(gate)];
          });
        for (let k = 0; k < width; k++) d[k] += gradients[t * width + k];
      }
      return { gates: dGates, initial: d };
    },
    /** dR, of the gates' gradients. */
    recurrent(dGates) {
      const dR = new Float64Array(recurrentKernel.length);
      for (let t = 0; t < steps; t++)
        for (let u = 0; u < units; u++)
          eachRead(u, (from, place) => {
            for (let gate = 0; gate < 4; gate++)
              dR[place(gate)] += state(t, 0, from) * dGates[t * width + gate * units + u];
          });
      return dR;
    },
  };
}
