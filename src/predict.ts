/** memcell/predict: saved models that only predict, on memcell's engine and without TensorFlow.js. */
export type { NdArray } from './data/array.js';
export type { LayerState, Stream, StreamState } from './engine/stream.js';
export { type ErrorCode, MemcellError } from './errors.js';
export type { LoadOptions } from './formats/http.js';
export type { ModelLocation, ModelSource } from './formats/location.js';
export type { Shape } from './layers/define.js';
export type { ModelEnd, ModelInputs, ModelOutput } from './model/ends.js';
export type { ModelInput, NestedArray, ShapedArray } from './model/inputs.js';
export type { Predicting } from './predicting.js';
export { loadPredictor, Predictor } from './predictor.js';
export type { EitherSpelling, SnakeName, Spelling } from './spelling.js';
export type { IOHandler, IOHandlerLike, Tensor, TensorLike, Tfjs } from './tfjsTypes.js';
export type { PredictOptions } from './training/evaluate.js';
export type { ProgressOptions, Verbosity } from './training/progress.js';
