import { base64 } from '../data/base64.js';
import type { Attribution } from '../explain/attribute.js';
import type { LayerGates } from '../explain/gates.js';
import type { Sequential } from '../sequential.js';
import type { NetworkInput } from '../tasks/networkInput.js';

/** What a network did with one sample, as plain data for a page. */
export interface ShownGates {
  /** The sample. */
  name: string;
  tokens?: string[];
  /** (T, features) where the input is numbers, with the features' names. */
  input?: { values: number[][]; features: string[] };
  layers: ShownLayer[];
  /** By step, and by feature where there are several: what the largest output hangs on. */
  attribution?: { what?: string; values: number[][]; output: number; baseline: number; gap: number };
}

export interface ShownLayer {
  layer: string;
  kind: LayerGates['kind'];
  steps: number;
  /** Those that the layer has, of which the most active units and the last steps are here. */
  of: { units: number; steps: number };
  /** The units' numbers in the layer, sorted by the centre of their activity. */
  units: number[];
  halfLives?: (number | null)[];
  /** Each map's values from `low` to `high` as a byte each, units after one another: (units, steps), base64. */
  maps: { name: string; low: number; high: number; bytes: string }[];
}

/** Units and steps that are drawn of one layer: more cannot be told apart. */
const most = { units: 96, steps: 500, features: 24 };

/** Looks into a network while it reads one sample. */
export async function showGates(
  model: Sequential,
  { x, name, features, tokens, outputs, steps }: NetworkInput,
): Promise<ShownGates> {
  const layers = (await model.gates(x)).map((layer) => showLayer(layer, steps));
  const attribution = await model.attribute(x);
  const width = x.shape.length > 2 ? x.shape[2] : 1;
  return {
    name,
    ...(tokens && { tokens: tokens.slice(0, steps) }),
    ...(x.shape.length > 2 && {
      input: {
        values: rowsOf(x.data, width).slice(0, steps).slice(-most.steps),
        features: Array.from({ length: width }, (_, c) => features?.[c] ?? `input ${c + 1}`),
      },
    }),
    layers,
    attribution: showAttribution(attribution, width, outputs, steps),
  };
}

function showAttribution(
  { values, place, output, baseline, gap }: Attribution,
  width: number,
  outputs: readonly string[] | undefined,
  steps: number | undefined,
): ShownGates['attribution'] {
  const what = outputs?.[place[0] % outputs.length];
  return {
    ...(what !== undefined && { what }),
    values: rowsOf(values.data, width).slice(0, steps),
    output: output[0],
    baseline: baseline[0],
    gap,
  };
}

function rowsOf(data: ArrayLike<number>, width: number): number[][] {
  return Array.from({ length: data.length / width }, (_, t) =>
    Array.from({ length: width }, (_, c) => Number(data[t * width + c].toPrecision(4))),
  );
}

/**
 * A layer's gates for the first sample, as much as can be told apart.
 * @param counting the steps that count, where those behind them are filled up; a layer behind one that shortens sequences has its own
 */
export function showLayer({ layer, kind, shape, gates, halfLives }: LayerGates, counting?: number): ShownLayer {
  const [, length, units] = shape;
  const steps = Math.min(length, counting ?? length);
  const order = unitOrder(gates.state, steps, units);
  const from = Math.max(0, steps - most.steps);
  const maps = Object.entries(gates).map(([name, values]: [string, Float32Array]) => {
    const part = values.subarray(0, steps * units);
    const gate = !['candidate', 'cell', 'state'].includes(name);
    const largest = part.reduce((found, value) => Math.max(found, Math.abs(value)), 0) || 1;
    const [low, high] = gate ? [0, Math.max(1, largest)] : [-largest, largest];
    const bytes = new Uint8Array(order.length * (steps - from));
    for (const [row, unit] of order.entries()) {
      for (let t = from; t < steps; t++) {
        const share = (part[t * units + unit] - low) / (high - low);
        bytes[row * (steps - from) + t - from] = Math.round(255 * Math.min(1, Math.max(0, share)));
      }
    }
    return { name, low, high, bytes: base64(bytes) };
  });
  return {
    layer,
    kind,
    steps: steps - from,
    of: { units, steps },
    units: order,
    ...(halfLives && { halfLives: order.map((unit) => (Number.isFinite(halfLives[unit]) ? halfLives[unit] : null)) }),
    maps,
  };
}

/** The most active units by Σ|h|, sorted by the centre of their activity Σ t·|h| / Σ|h|. */
function unitOrder(state: Float32Array, steps: number, units: number): number[] {
  const activity = new Float64Array(units);
  const moment = new Float64Array(units);
  for (let t = 0; t < steps; t++) {
    for (let u = 0; u < units; u++) {
      activity[u] += Math.abs(state[t * units + u]);
      moment[u] += t * Math.abs(state[t * units + u]);
    }
  }
  const centre = (u: number) => moment[u] / (activity[u] || 1);
  return Array.from({ length: units }, (_, u) => u)
    .sort((a, b) => activity[b] - activity[a])
    .slice(0, most.units)
    .sort((a, b) => centre(a) - centre(b));
}
