/** What the pooling layers over windows of steps have in common. */
import { common, type LayerOptions } from '../define.js';
import * as kind from '../schema.js';

const own = {
  /** Steps of a window. Default 2. */
  poolSize: kind.defaulted(kind.single(kind.units), 2),
  /** Steps from one window to the next; poolSize if left out. */
  strides: kind.defaulted(kind.nullable(kind.single(kind.units)), null),
  /** Default 'valid'. */
  padding: kind.defaulted(kind.oneOf('valid', 'same'), 'valid'),
};

export const pooling = {
  ...common,
  ...own,
  dataFormat: kind.defaulted(kind.dataFormat, 'channelsLast'),
};

/** The options of MaxPooling1D and AveragePooling1D. */
export interface PoolingOptions extends LayerOptions, kind.OptionsOf<typeof own> {}

type Settings = kind.SettingsOf<typeof own>;

export function poolsOf({ poolSize: size, strides, padding }: Settings) {
  return { size, stride: strides ?? size, dilation: 1, padding };
}
