/** Which layers are those that memcell knows, by their class and not by its name. */

import { isBuiltIn } from '../kernels/tfjs/builtIn.js';
import type * as tf from '../tf.js';
import { BatchNormalization } from './batchNormalization.js';
import { Conv1D } from './convolution.js';
import { ResetAfterGRU } from './gru.js';
import { LayerNormalization, Masking } from './stepLayers.js';
import {
  Bidirectional,
  GlobalAveragePooling1D,
  GlobalMaxPooling1D,
  RepeatVector,
  TimeDistributed,
} from './wrappers.js';

const OWN: ReadonlySet<unknown> = new Set([
  BatchNormalization,
  Bidirectional,
  Conv1D,
  GlobalAveragePooling1D,
  GlobalMaxPooling1D,
  LayerNormalization,
  Masking,
  RepeatVector,
  ResetAfterGRU,
  TimeDistributed,
]);

/** Whether a layer is tfjs's or memcell's, and not a user's own class under one of their names. */
export function isKnownLayer(layer: tf.layers.Layer): boolean {
  return isBuiltIn(layer) || OWN.has(layer.constructor);
}
