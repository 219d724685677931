export type { Account } from './data/frame.js';
export type { Columns, DataInput } from './data/source.js';
export type { LayerState, Stream, StreamState } from './engine/stream.js';
export { type ErrorCode, MemcellError } from './errors.js';
export type { AttributeOptions, Attribution } from './explain/attribute.js';
export type { GateArrays, LayerGates } from './explain/gates.js';
export type { LoadOptions } from './formats/http.js';
export type { ModelSource } from './formats/open.js';
export type { ModelLocation } from './formats/tfjs.js';
export { accelerate, type LSTMPath, lstmPath } from './kernels/accelerate.js';
export { prepareBackend } from './kernels/backend.js';
export { enableWide, type WideStatus } from './kernels/wide.js';
export type { Activation as ActivationName } from './model/activations.js';
export { customObjects } from './model/customObjects.js';
export type { ModelEnd, ModelInputs, ModelOutput } from './model/ends.js';
export type { Initializer } from './model/initializers.js';
export type { ModelInput, NestedArray, ShapedArray } from './model/inputs.js';
export * from './model/layers.js';
export { parseSpec } from './model/spec.js';
export type { Shape } from './model/stack.js';
export { figures, type ReportFigure, report } from './report/index.js';
export * from './sequential.js';
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
export type { BackupKind, BackupOptions, BackupStore, StoredBackup } from './training/backup.js';
export { BackupAndRestore, type BackupAndRestoreOptions } from './training/backupAndRestore.js';
export {
  type Callback,
  type CallbackState,
  EarlyStopping,
  type EarlyStoppingOptions,
  LearningRateScheduler,
  ReduceLROnPlateau,
  type ReduceLROnPlateauOptions,
  type TrainingContext,
} from './training/callbacks.js';
export type { CompileOptions } from './training/compile.js';
export { CSVLogger, type CSVLoggerOptions } from './training/csvLogger.js';
export type { PredictOptions } from './training/evaluate.js';
export type { EvaluateOptions, FitOptions, TrainOnBatchOptions, ValidationInput } from './training/given.js';
export type { History, Logs } from './training/history.js';
export { LambdaCallback } from './training/lambdaCallback.js';
export {
  binaryCrossentropy,
  categoricalCrossentropy,
  huber,
  type Loss,
  type LossFunction,
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
  topKCategoricalAccuracy,
} from './training/metrics.js';
export { ModelCheckpoint, type ModelCheckpointOptions } from './training/modelCheckpoint.js';
export { adam, adamw, type Optimizer, rmsprop, sgd } from './training/optimizers.js';
export {
  cosineDecay,
  exponentialDecay,
  inverseTimeDecay,
  type LearningRateSchedule,
  piecewiseConstantDecay,
  polynomialDecay,
} from './training/schedules.js';
export { TensorBoard, type TensorBoardOptions } from './training/tensorBoard.js';
export { TerminateOnNaN } from './training/terminateOnNaN.js';
