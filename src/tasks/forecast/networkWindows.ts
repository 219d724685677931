/** What goes into a network and comes out of it: windows of channels, and what the anchor misses after each. */
import type { Predictor } from '../prepared.js';

/** Windows and what the anchor missed after each. */
export interface Windows {
  /** (n, T, channels) */
  x: Float32Array;
  /** (n, H · C) */
  y: Float32Array;
  rows: number;
  steps: number;
  channels: number;
  answers: number;
}

/** A network's answers for windows (n, T, channels). */
export async function predictWindows(
  model: Predictor,
  x: Float32Array,
  { steps, channels }: Pick<Windows, 'steps' | 'channels'>,
): Promise<Float32Array> {
  const rows = x.length / (steps * channels);
  const { data } = await model.predict({ data: x, shape: [rows, steps, channels] }, { batchSize: 256 });
  return data instanceof Float32Array ? data : Float32Array.from(data);
}
