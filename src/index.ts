export type { Activation as ActivationName } from './activations.js';
export type { NdArray } from './data/array.js';
export type { Account, ColumnUse } from './data/frame.js';
export type { Columns, DataInput } from './data/source.js';
export { accelerate, type RecurrentPath, recurrentPath } from './engine/accelerate.js';
export type { LayerState, Stream, StreamState } from './engine/stream.js';
export { type ErrorCode, MemcellError } from './errors.js';
export type { AttributeOptions, Attribution } from './explain/attribute.js';
export type { GateArrays, LayerGates } from './explain/gates.js';
export type { LoadOptions } from './formats/http.js';
export type { ModelLocation, ModelSource } from './formats/location.js';
export * from './functional.js';
export { prepareBackend } from './kernels/backend.js';
export { enableWide, type WideStatus } from './kernels/wide.js';
export * from './layers/index.js';
export type { Initializer, InitializerConfig, InitializerName } from './layers/initializers.js';
export type { ConstraintName, RegularizerName } from './layers/schema.js';
export { customObjects } from './model/customObjects.js';
export type { ModelEnd, ModelInputs, ModelOutput } from './model/ends.js';
export type { ModelInput, NestedArray, ShapedArray } from './model/inputs.js';
export { parseSpec } from './model/spec.js';
export type { Shape } from './model/stack.js';
export type { PickedRange } from './plan/picked.js';
export type { Predicting } from './predicting.js';
export { figures, gateFigures, type ReportFigure, report } from './report/index.js';
export type { PlotOptions } from './report/look/options.js';
export type * from './report/look/shown.js';
export { plot, type TablePlot } from './report/plot.js';
export type * from './sequential/options.js';
export * from './sequential.js';
export type { EitherSpelling, SnakeName, Spelling } from './spelling.js';
export type { TaskBackup } from './tasks/backup.js';
export type { Answer } from './tasks/classify/answer.js';
export type { ClassScores } from './tasks/classify/evaluation.js';
export type { ClassifyOptions } from './tasks/classify/options.js';
export type { Classification } from './tasks/classify/predict.js';
export type { ClassifyEvaluation } from './tasks/classify/task.js';
export type { ScoredPart } from './tasks/definition.js';
export type { Drawn as TuningChoice } from './tasks/drawnSettings.js';
export type { Coverage, Errors, MethodErrors } from './tasks/forecast/errors.js';
export type { FoldErrors, SeriesErrors, SimpleGuesses, TargetErrors } from './tasks/forecast/evaluation.js';
export type { ForecastOptions, ForecastPredictOptions } from './tasks/forecast/options.js';
export type { ForecastEvaluation } from './tasks/forecast/task.js';
export type { Verdict } from './tasks/forecast/verdict.js';
export type { TaskTraining } from './tasks/functionOptions.js';
export {
  classify,
  type ForecastOf,
  forecast,
  loadTask,
  symbols,
  textModel,
} from './tasks/functions.js';
export type {
  AnyTaskModel,
  ClassifyModel,
  ForecastModel,
  ForecastStep,
  Sequence,
  SymbolsModel,
  TaskModel,
  TextModel,
} from './tasks/models.js';
export type { SamplingOptions } from './tasks/sampling.js';
export type { Trial as TuningTrial } from './tasks/search.js';
export type { TaskKind, TrainingSettings } from './tasks/settings.js';
export type { Axis, Points } from './tasks/shown.js';
export type { SymbolsOptions } from './tasks/symbols/options.js';
export type { CountsGuess } from './tasks/symbols/repetition.js';
export type { SymbolsEvaluation } from './tasks/symbols/task.js';
export type { TableOptions } from './tasks/tableOptions.js';
export type { Likelihood } from './tasks/text/evaluation.js';
export type { GenerateOptions, TextOptions } from './tasks/text/options.js';
export type { TextEvaluation } from './tasks/text/task.js';
export type { TokenKind } from './tasks/text/tokens.js';
export type { Comparison as TuningComparison } from './tasks/tune.js';
export { type SearchedOptions, type TuneSettings, type Tuning, tune } from './tasks/tuneFunction.js';
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
export type { BackupKind, BackupOptions, BackupStore, StoredBackup } from './training/backup.js';
export { BackupAndRestore, type BackupAndRestoreOptions } from './training/backupAndRestore.js';
export {
  type Callback,
  type CallbackIdentifier,
  type CallbackState,
  type Callbacks,
  type Done,
  EarlyStopping,
  type EarlyStoppingOptions,
  LearningRateScheduler,
  ReduceLROnPlateau,
  type ReduceLROnPlateauOptions,
  type TrainingContext,
} from './training/callbacks.js';
export type { ClippingOptions } from './training/clipping.js';
export type { CompileOptions } from './training/compile.js';
export { CSVLogger, type CSVLoggerOptions } from './training/csvLogger.js';
export type { EvaluateOptions as EvaluateArrayOptions, PredictOptions } from './training/evaluate.js';
export type { Settings as PlainSettings } from './training/fingerprint.js';
export type { FitOptions as FitArrayOptions, ValidationData } from './training/fitSettings.js';
export type {
  EvaluateOptions,
  FitOptions,
  SampleWeights,
  TrainOnBatchOptions,
  ValidationInput,
} from './training/given.js';
export type { History, Logs, Stopped, TrainingParams } from './training/history.js';
export { LambdaCallback } from './training/lambdaCallback.js';
export {
  binaryCrossentropy,
  binaryFocalCrossentropy,
  categoricalCrossentropy,
  categoricalFocalCrossentropy,
  categoricalHinge,
  cosineSimilarity,
  gaussianLikelihood,
  hinge,
  huber,
  kullbackLeiblerDivergence,
  type Loss,
  type LossFunction,
  type LossIdentifier,
  type LossName,
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
  poisson,
  quantile,
  sparseCategoricalCrossentropy,
} from './training/losses.js';
export type { ThresholdOptions } from './training/metrics/confusion.js';
export {
  accuracy,
  auc,
  binaryAccuracy,
  f1Score,
  type Metric,
  type MetricCount,
  type MetricFunction,
  type MetricIdentifier,
  type MetricName,
  precision,
  r2Score,
  recall,
  topKCategoricalAccuracy,
} from './training/metrics.js';
export { ModelCheckpoint, type ModelCheckpointOptions } from './training/modelCheckpoint.js';
export type { Monitored, MonitorMode } from './training/monitor.js';
export {
  type AdagradOptions,
  type AdamaxOptions,
  type AdamOptions,
  adagrad,
  adam,
  adamax,
  adamw,
  type LearningRate,
  type LionOptions,
  lion,
  type NadamOptions,
  nadam,
  type OptimizedVariable,
  type Optimizer,
  type OptimizerConfig,
  type OptimizerFunction,
  type OptimizerIdentifier,
  type OptimizerName,
  type OptimizerOptions,
  type RmspropOptions,
  rmsprop,
  type SgdOptions,
  sgd,
} from './training/optimizers.js';
export type { ProgressOptions, Verbosity } from './training/progress.js';
export type { TrainingState } from './training/runner.js';
export {
  cosineDecay,
  cosineDecayRestarts,
  type DecayOptions,
  exponentialDecay,
  inverseTimeDecay,
  type LearningRateSchedule,
  piecewiseConstantDecay,
  polynomialDecay,
  type ScheduleName,
  type SerializedSchedule,
} from './training/schedules.js';
export type { SampleWeightArrays } from './training/targets.js';
export { TensorBoard, type TensorBoardOptions } from './training/tensorBoard.js';
export { TerminateOnNaN } from './training/terminateOnNaN.js';
