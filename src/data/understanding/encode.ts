import type { Frame } from '../frame.js';

/** Columns as the channels of a network, row-major. */
export interface Encoded {
  /** One per channel: 'wind', 'weather=rain'. */
  names: string[];
  /** Channels of each column. */
  widths: number[];
  /** (rows, channels) */
  data: Float64Array;
}

/**
 * Columns side by side: a number is one channel, a flag 0 or 1, a category one channel per value with a 1 in its own (none
 * for a value that is missing or not known). The order is that of the columns given and of the values in their reading.
 */
export function encode(frame: Frame, columns: readonly string[]): Encoded {
  const read = columns.map((name) => frame.column(name));
  const channels = read.map(({ name, reading }) =>
    reading.kind === 'category' ? reading.values.map((value) => `${name}=${value}`) : [name],
  );
  const names = channels.flat();
  const width = names.length;
  const data = new Float64Array(frame.rows * width);
  let at = 0;
  for (const [i, { reading, values }] of read.entries()) {
    for (let row = 0; row < frame.rows; row++) {
      const value = values[row];
      if (reading.kind !== 'category') data[row * width + at] = value;
      else if (!Number.isNaN(value)) data[row * width + at + value] = 1;
    }
    at += channels[i].length;
  }
  return { names, widths: channels.map(({ length }) => length), data };
}
