import { argMax } from '../../data/labels.js';
import { tokenWindows } from '../../data/windows.js';
import type { Predictor, Samples } from '../prepared.js';
import type { SymbolsArtefact } from './artefact.js';

/** What goes into the network for symbols. */
export type Coding = Pick<SymbolsArtefact, 'symbols' | 'input' | 'scale'>;

/** The largest magnitude of numbers; the largest index of words. */
export function scaleOf(symbols: SymbolsArtefact['symbols']): number {
  return symbols.reduce<number>(
    (most, symbol, i) => Math.max(most, typeof symbol === 'number' ? Math.abs(symbol) : i),
    1,
  );
}

/** Indices of symbols as the network takes them: (N, W), or (N, W, 1) scaled. */
export function inputOf(ids: Int32Array, window: number, { symbols, input, scale }: Coding): Samples['x'] {
  const shape = [ids.length / window, window];
  if (input === 'index') return { data: ids, shape };
  const values = symbols.map((symbol, i) => (typeof symbol === 'number' ? symbol : i) / scale);
  return { data: Float32Array.from(ids, (id) => values[id]), shape: [...shape, 1] };
}

/** The tokens of [from, to), each with the window before it: x and y (N). */
export function symbolSamples(
  ids: Int32Array,
  window: number,
  { from, to }: { from: number; to: number },
  coding: Coding,
): Samples {
  const { x, y } = tokenWindows(ids.subarray(Math.max(0, from - window), to), window, 1, false);
  return { x: inputOf(Int32Array.from(x.data), window, coding), y };
}

/** How often the most probable symbol of [from, to) is the one that came, and −mean ln p of the one that came. */
export async function scoreSymbols(
  network: Predictor,
  ids: Int32Array,
  window: number,
  part: { from: number; to: number },
  coding: Coding,
  signal?: AbortSignal,
): Promise<{ samples: number; accuracy: number; loss: number }> {
  const size = coding.symbols.length;
  const first = Math.max(part.from, window);
  const rows = 1024;
  let right = 0;
  let nats = 0;
  let samples = 0;
  for (let from = first; from < part.to; from += rows) {
    if (samples > 0 && signal?.aborted) break;
    const { x, y } = symbolSamples(ids, window, { from, to: Math.min(part.to, from + rows) }, coding);
    const { data } = await network.predict(x);
    for (let i = 0; i < y.data.length; i++) {
      if (argMax(data, i, size) === y.data[i]) right++;
      nats -= Math.log(Math.max(data[i * size + y.data[i]], 1e-7));
    }
    samples += y.data.length;
  }
  return { samples, accuracy: right / samples, loss: nats / samples };
}
