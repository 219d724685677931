/** The one list of memcell's layers: a line each. */
export * from './activation.js';
export type { Layer, LayerOptions } from './define.js';
export * from './dense.js';
export * from './dropout.js';
export * from './embedding.js';
export * from './masking.js';
export * from './normalization/layerNormalization.js';
export * from './pooling/globalAveragePooling1d.js';
export * from './pooling/globalMaxPooling1d.js';
export * from './recurrent/bidirectional.js';
export * from './recurrent/gru.js';
export * from './recurrent/lstm.js';
export type { RecurrentOptions } from './recurrent/options.js';
export * from './recurrent/simpleRnn.js';
export * from './reshape/flatten.js';
export * from './reshape/repeatVector.js';
export type { Constraint, Regularizer } from './schema.js';
export * from './timeDistributed.js';
