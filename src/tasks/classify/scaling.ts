import type { Scaling } from '../../data/scaler.js';
import { MemcellError } from '../../errors.js';

/** Feature values of padded steps in sequences of unequal length: no standardised value is 1000 deviations out. */
export const maskValue = -1000;

/**
 * Means and deviations of the channels of parts of numbers, each part (rows, channels) row-major; missing ones (NaN) do not
 * count. A constant channel gets the deviation 1, and one that is 0 or 1 already keeps mean 0 and deviation 1.
 * @param alike whether channels may share one scale: steps of features whose ranges are within a factor of ten are pixels, or
 *   samples of one signal, whose different spreads are information
 * @throws MemcellError (numeric) when values are too large for their variance to be a number
 */
export function fitScaling(
  parts: readonly Float64Array[],
  channels: number,
  alike: boolean,
  plain: (channel: number) => boolean,
): Scaling {
  const counts = new Float64Array(channels);
  const sums = new Float64Array(channels);
  const least = new Float64Array(channels).fill(Number.POSITIVE_INFINITY);
  const most = new Float64Array(channels).fill(Number.NEGATIVE_INFINITY);
  each(parts, channels, (value, c) => {
    counts[c]++;
    sums[c] += value;
    if (value < least[c]) least[c] = value;
    if (value > most[c]) most[c] = value;
  });
  const mean = Array.from(sums, (sum, c) => (least[c] === most[c] ? least[c] : sum / Math.max(1, counts[c])));
  const squares = new Float64Array(channels);
  each(parts, channels, (value, c) => {
    squares[c] += (value - mean[c]) ** 2;
  });
  const std = Array.from(squares, (square, c) => {
    const deviation = least[c] < most[c] ? Math.sqrt(square / counts[c]) : 1;
    if (!Number.isFinite(mean[c]) || !Number.isFinite(deviation)) {
      throw new MemcellError(`values up to ${most[c]} are too large to scale; divide them first`, { code: 'numeric' });
    }
    return deviation > 0 ? deviation : 1;
  });
  const ranges = Array.from(most, (value, c) => value - least[c]).filter((range) => range > 0);
  if (alike && ranges.length > 0 && Math.max(...ranges) <= 10 * Math.min(...ranges)) return shared(parts, channels);
  return { mean: mean.map((value, c) => (plain(c) ? 0 : value)), std: std.map((value, c) => (plain(c) ? 1 : value)) };
}

/** One scale for all channels. */
function shared(parts: readonly Float64Array[], channels: number): Scaling {
  const { mean, std } = fitScaling(parts, 1, false, () => false);
  return { mean: new Array<number>(channels).fill(mean[0]), std: new Array<number>(channels).fill(std[0]) };
}

function each(parts: readonly Float64Array[], channels: number, visit: (value: number, channel: number) => void): void {
  for (const part of parts) {
    for (let i = 0; i < part.length; i++) if (!Number.isNaN(part[i])) visit(part[i], i % channels);
  }
}
