export type { NdArray } from './data/array.js';
export type { Account } from './data/frame.js';
export type { Columns, DataInput } from './data/source.js';
export type { LayerState, Stream, StreamState } from './engine/stream.js';
export { type ErrorCode, MemcellError } from './errors.js';
export type { LoadOptions } from './formats/http.js';
export type { ModelLocation } from './formats/tfjs.js';
export { accelerate, type LSTMPath, lstmPath } from './kernels/accelerate.js';
export { prepareBackend } from './kernels/backend.js';
export { enableWide, type WideStatus } from './kernels/wide.js';
export type { Activation as ActivationName } from './model/activations.js';
export { customObjects } from './model/customObjects.js';
export type { Initializer, InitializerConfig, InitializerName } from './model/initializers.js';
export type { ModelInput, NestedArray, ShapedArray } from './model/inputs.js';
export * from './model/layers.js';
export type { ConstraintName, RegularizerName } from './model/options.js';
export { parseSpec } from './model/spec.js';
export type { Shape } from './model/stack.js';
export * from './sequential.js';
export type { EitherSpelling, SnakeName, Spelling } from './spelling.js';
export type { ClassifyOptions } from './tasks/classify/options.js';
export type { ClassifyEvaluation } from './tasks/classify/task.js';
export type { ForecastOptions, ForecastPredictOptions } from './tasks/forecast/options.js';
export type { ForecastEvaluation } from './tasks/forecast/task.js';
export {
  type AnyTaskModel,
  type ClassifyModel,
  classify,
  type ForecastModel,
  type ForecastOf,
  type ForecastStep,
  forecast,
  loadTask,
  type Sequence,
  type SymbolsModel,
  symbols,
  type TaskTraining,
  type TextModel,
  textModel,
} from './tasks/functions.js';
export type { SymbolsOptions } from './tasks/symbols/options.js';
export type { SymbolsEvaluation } from './tasks/symbols/task.js';
export type { GenerateOptions, TextOptions } from './tasks/text/options.js';
export type { TextEvaluation } from './tasks/text/task.js';
export type {
  ConfigDict,
  ConfigValue,
  IOHandler,
  IOHandlerLike,
  LayerLike,
  LayersModel,
  LayersModelLike,
  SerializableObject,
  Tensor,
  TensorFunction,
  TensorLike,
  Tfjs,
} from './tfjsTypes.js';
export {
  type Callback,
  type CallbackIdentifier,
  type Callbacks,
  EarlyStopping,
  type EarlyStoppingOptions,
  LearningRateScheduler,
  ModelCheckpoint,
  type ModelCheckpointOptions,
  type Monitored,
  type MonitorMode,
  ReduceLROnPlateau,
  type ReduceLROnPlateauOptions,
  type TrainingContext,
} from './training/callbacks.js';
export type { CompileOptions } from './training/compile.js';
export type { PredictOptions } from './training/evaluate.js';
export type { EvaluateOptions, FitOptions, TrainOnBatchOptions, ValidationInput } from './training/given.js';
export type { History, Logs, Stopped, TrainingParams } from './training/history.js';
export {
  binaryCrossentropy,
  categoricalCrossentropy,
  huber,
  type Loss,
  type LossFunction,
  type LossIdentifier,
  type LossName,
  meanAbsoluteError,
  meanSquaredError,
  sparseCategoricalCrossentropy,
} from './training/losses.js';
export {
  accuracy,
  binaryAccuracy,
  type Metric,
  type MetricCount,
  type MetricFunction,
  type MetricIdentifier,
  type MetricName,
  topKCategoricalAccuracy,
} from './training/metrics.js';
export {
  type AdamOptions,
  adam,
  adamw,
  type LearningRate,
  type OptimizedVariable,
  type Optimizer,
  type OptimizerConfig,
  type OptimizerIdentifier,
  type OptimizerName,
  type OptimizerOptions,
  type RmspropOptions,
  rmsprop,
  type SgdOptions,
  sgd,
} from './training/optimizers.js';
export type { Options } from './training/options.js';
export {
  cosineDecay,
  type DecayOptions,
  exponentialDecay,
  inverseTimeDecay,
  type LearningRateSchedule,
  piecewiseConstantDecay,
  polynomialDecay,
  type ScheduleName,
  type SerializedSchedule,
} from './training/schedules.js';
