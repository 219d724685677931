/** What compiles and what does not, for declarations.test.ts and for the type check of this repository. */
import {
  Activation,
  adam,
  categoricalCrossentropy,
  classify,
  Dense,
  EarlyStopping,
  exponentialDecay,
  forecast,
  LSTM,
  type Optimizer,
  Sequential,
  sgd,
  type Tensor,
  type TensorLike,
  textModel,
} from 'memcell';
import { loadPredictor, type Predictor, type ShapedArray } from 'memcell/predict';

const model = new Sequential([LSTM(3, { return_sequences: true, kernel_initializer: 'glorot_uniform' }), Dense(2)], {
  input_shape: [4, 1],
});
LSTM(3, {
  kernelRegularizer: 'l2',
  biasConstraint: 'non_neg',
  recurrentInitializer: { className: 'Zeros', config: {} },
});
Dense(3, 'hard_sigmoid', { name: 'last' });

// What runs it: 'why' is there where it is TensorFlow.js, and only there.
export const reason: string = model.engine.kind === 'tfjs' ? model.engine.why : model.engine.kind;
// @ts-expect-error the engine has no reason
if (model.engine.kind === 'memcell') model.engine.why;

// Names: as here, as Keras spells them, and short; what is in no table does not compile.
model.compile({ optimizer: 'adam', loss: 'mse', metrics: ['accuracy', 'mean_absolute_error'] });
model.compile({ optimizer: 'RMSprop', loss: 'categorical_crossentropy', weighted_metrics: ['CategoricalAccuracy'] });
model.compile({ loss: (_yTrue, yPred) => yPred, metrics: [(yTrue) => yTrue] });
// @ts-expect-error no such loss
model.compile({ loss: 'nonsense' });
// @ts-expect-error no such optimizer
model.compile({ optimizer: 'adamm', loss: 'mse' });
// @ts-expect-error no such metric
model.compile({ loss: 'mse', metrics: ['acuracy'] });
// @ts-expect-error no such activation
Dense(3, 'sofmax');
// @ts-expect-error no such activation
Activation('nonsense');
// @ts-expect-error no such initializer
LSTM(3, { kernelInitializer: 'glorot' });
// @ts-expect-error no such regularizer
LSTM(3, { kernelRegularizer: 'l3' });
// @ts-expect-error no such option
LSTM(3, { returnSequence: true });

export const optimizers: Optimizer[] = [
  adam(0.01),
  adam(0.01, { beta_1: 0.8, globalClipnorm: 1 }),
  adam({ learning_rate: 0.01, beta_2: 0.99 }),
  sgd(exponentialDecay({ initial_learning_rate: 0.1, decay_steps: 10, decay_rate: 0.5 })),
];
// @ts-expect-error momentum is sgd's
adam({ momentum: 0.9 });
categoricalCrossentropy({ label_smoothing: 0.1, from_logits: true });

export async function train(): Promise<number[]> {
  const stopping = new EarlyStopping({ restore_best_weights: true, monitor: 'val_accuracy' });
  await model.fit([[[1]]], [[1, 0]], { batch_size: 2, validation_split: 0.5, callbacks: stopping });
  const { history } = await model.fit([[[1]]], [[1, 0]], { callbacks: [stopping, (epoch) => console.log(epoch)] });
  // A monitored key may be one that a callback adds.
  new EarlyStopping({ monitor: 'my_own_key' });
  const answer: number[][] = await model.predict([[[1]]], { batch_size: 1 });
  return [...history.loss, ...answer[0]];
}

export async function tasks(): Promise<void> {
  const rows = [{ day: '2024-01-01', sales: 3, promo: 0 }];
  const sales = await forecast(rows, { target: 'sales', known: ['promo'], batch_size: 8, optimizer: 'adam' });
  const [step] = await sales.predict();
  const value: number = step.values.sales;
  // @ts-expect-error not a column that was forecast
  void [value, step.values.promo];
  // @ts-expect-error no such column
  await forecast(rows, { target: 'sale' });
  // @ts-expect-error no such optimizer
  await forecast([1, 2, 3], { optimizer: 'nonsense' });
  const series = await forecast([1, 2, 3], { horizon: 2 });
  void (await series.predict())[0].values.value;
  await classify(rows, { label: 'promo', class_weights: 'balanced' });
  await textModel('a text', { pure: true });
}

/** Without 'memcell/tfjs', tensors have memcell's own type of them. */
export function sameTensor(tensor: TensorLike): Tensor {
  return tensor;
}

export async function predicted(x: ShapedArray): Promise<Float32Array> {
  const predictor: Predictor = await loadPredictor('m.keras', { timeout: 1000 });
  const nested: number[][] = await predictor.predict([[1, 2]]);
  predictor.stream().push(nested[0]);
  // @ts-expect-error a predictor is not trained
  predictor.fit;
  return (await predictor.predict(x)).data;
}
