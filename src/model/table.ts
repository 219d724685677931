/** The one list of memcell's layers: what each takes, Keras 3's defaults, how tfjs makes it, how many weights it has. */
import * as tf from '../tf.js';
import { ResetAfterGRU } from './gru.js';
import * as kind from './options.js';
import { LayerNormalization, Masking } from './stepLayers.js';
import {
  Bidirectional,
  GlobalAveragePooling1D,
  GlobalMaxPooling1D,
  RepeatVector,
  TimeDistributed,
} from './wrappers.js';

/** Checked settings under tfjs's names. */
export type Settings = Record<string, unknown>;

export interface LayerEntry {
  /** The options that may be given by position, in Keras's order. */
  positional: string[];
  required: string[];
  options: Record<string, kind.OptionKind>;
  /** Keras 3's defaults, where tfjs has another or none. */
  defaults: Settings;
  /** Rank of the input with its batch axis: exactly, or at least. */
  rank: { exactly: number } | { atLeast: number };
  make(settings: Settings): tf.layers.Layer;
  /** The number of weights for inputs with `inputs` features; left out for a layer without weights. */
  weights?(settings: Settings, inputs: number): number;
}

const common = {
  name: kind.layerName,
  trainable: kind.flag,
  inputShape: kind.shape,
  batchSize: kind.batchSize,
  batchShape: kind.batchShape,
};

const kernelOptions = {
  useBias: kind.flag,
  kernelInitializer: kind.initializer,
  biasInitializer: kind.initializer,
  kernelRegularizer: kind.regularizer,
  biasRegularizer: kind.regularizer,
  kernelConstraint: kind.constraint,
  biasConstraint: kind.constraint,
};

const recurrentOptions = {
  ...common,
  ...kernelOptions,
  units: kind.units,
  activation: kind.activation,
  recurrentInitializer: kind.initializer,
  recurrentRegularizer: kind.regularizer,
  recurrentConstraint: kind.constraint,
  dropout: kind.rate,
  recurrentDropout: kind.rate,
  returnSequences: kind.flag,
  returnState: kind.flag,
  goBackwards: kind.flag,
  stateful: kind.flag,
};

const recurrentDefaults = {
  activation: 'tanh',
  useBias: true,
  kernelInitializer: 'glorotUniform',
  recurrentInitializer: 'orthogonal',
  biasInitializer: 'zeros',
};

/** Weights of `gates` gates of U units over I inputs: kernel (I,gU), recurrent kernel (U,gU) and `biases` times gU. */
const gated =
  (gates: number, biases: (settings: Settings) => number = () => 1): LayerEntry['weights'] =>
  (settings, inputs) => {
    const U = Number(settings.units);
    return gates * U * (inputs + U + (settings.useBias === false ? 0 : biases(settings)));
  };

function wrappedWeights(settings: Settings, inputs: number): number {
  const inner = settings.layer as tf.layers.Layer;
  return entryOf(inner.getClassName())?.weights?.(inner.getConfig(), inputs) ?? 0;
}

/** tfjs's own constructors check their argument's type at compile time; the table has checked its values at run time. */
function make<Args>(maker: (args: Args) => tf.layers.Layer): LayerEntry['make'] {
  return (settings) => maker(settings as Args);
}

const sequence = { exactly: 3 };
const any = { atLeast: 2 };

const table = {
  LSTM: {
    positional: ['units', 'activation'],
    required: ['units'],
    options: { ...recurrentOptions, recurrentActivation: kind.activation, unitForgetBias: kind.flag },
    defaults: { ...recurrentDefaults, recurrentActivation: 'sigmoid', unitForgetBias: true },
    rank: sequence,
    make: make(tf.layers.lstm),
    weights: gated(4),
  },
  GRU: {
    positional: ['units', 'activation'],
    required: ['units'],
    options: { ...recurrentOptions, recurrentActivation: kind.activation, resetAfter: kind.flag },
    defaults: { ...recurrentDefaults, recurrentActivation: 'sigmoid', resetAfter: true },
    rank: sequence,
    make: make((args: tf.GRULayerArgs & { resetAfter?: boolean }) =>
      args.resetAfter ? new ResetAfterGRU(args) : tf.layers.gru(args),
    ),
    weights: gated(3, ({ resetAfter }) => (resetAfter ? 2 : 1)),
  },
  SimpleRNN: {
    positional: ['units', 'activation'],
    required: ['units'],
    options: recurrentOptions,
    defaults: recurrentDefaults,
    rank: sequence,
    make: make(tf.layers.simpleRNN),
    weights: gated(1),
  },
  Bidirectional: {
    positional: ['layer', 'mergeMode'],
    required: ['layer'],
    options: { ...common, layer: kind.recurrentLayer, mergeMode: kind.oneOf('concat', 'sum', 'ave', 'mul') },
    defaults: { mergeMode: 'concat' },
    rank: sequence,
    make: make((args: { layer: tf.RNN }) => new Bidirectional(args)),
    weights: (settings, inputs) => 2 * wrappedWeights(settings, inputs),
  },
  TimeDistributed: {
    positional: ['layer'],
    required: ['layer'],
    options: { ...common, layer: kind.layer },
    defaults: {},
    rank: { atLeast: 3 },
    make: make((args: { layer: tf.layers.Layer }) => new TimeDistributed(args)),
    weights: wrappedWeights,
  },
  Dense: {
    positional: ['units', 'activation'],
    required: ['units'],
    options: { ...common, ...kernelOptions, units: kind.units, activation: kind.activation },
    defaults: { activation: 'linear', useBias: true, kernelInitializer: 'glorotUniform', biasInitializer: 'zeros' },
    rank: any,
    make: make(tf.layers.dense),
    weights: ({ units, useBias }, inputs) => Number(units) * (inputs + (useBias === false ? 0 : 1)),
  },
  Embedding: {
    positional: ['inputDim', 'outputDim'],
    required: ['inputDim', 'outputDim'],
    options: {
      ...common,
      inputDim: kind.vocabulary,
      outputDim: kind.units,
      inputLength: kind.units,
      maskZero: kind.flag,
      embeddingsInitializer: kind.initializer,
      embeddingsRegularizer: kind.regularizer,
      embeddingsConstraint: kind.constraint,
    },
    defaults: { embeddingsInitializer: 'randomUniform', maskZero: false },
    rank: any,
    make: make(({ inputLength, ...args }: Parameters<typeof tf.layers.embedding>[0]) =>
      tf.layers.embedding(inputLength === undefined ? args : { inputShape: [Number(inputLength)], ...args }),
    ),
    weights: ({ inputDim, outputDim }) => Number(inputDim) * Number(outputDim),
  },
  Dropout: {
    positional: ['rate'],
    required: ['rate'],
    options: { ...common, rate: kind.rate },
    defaults: {},
    rank: any,
    make: make(tf.layers.dropout),
  },
  Activation: {
    positional: ['activation'],
    required: ['activation'],
    options: { ...common, activation: kind.activation },
    defaults: {},
    rank: any,
    make: make(tf.layers.activation),
  },
  LayerNormalization: {
    positional: [],
    required: [],
    options: { ...common, epsilon: kind.positive, center: kind.flag, scale: kind.flag },
    defaults: { epsilon: 1e-3 },
    rank: any,
    make: make((args: object) => new LayerNormalization(args)),
    weights: ({ center, scale }, inputs) => inputs * (Number(center !== false) + Number(scale !== false)),
  },
  Masking: {
    positional: ['maskValue'],
    required: [],
    options: { ...common, maskValue: kind.finite },
    defaults: { maskValue: 0 },
    rank: sequence,
    make: make((args: object) => new Masking(args)),
  },
  RepeatVector: {
    positional: ['n'],
    required: ['n'],
    options: { ...common, n: kind.units },
    defaults: {},
    rank: { exactly: 2 },
    make: make((args: object) => new RepeatVector(args)),
  },
  Flatten: {
    positional: [],
    required: [],
    options: common,
    defaults: {},
    rank: { atLeast: 3 },
    make: make(tf.layers.flatten),
  },
  GlobalAveragePooling1D: {
    positional: [],
    required: [],
    options: common,
    defaults: {},
    rank: sequence,
    make: make((args: object) => new GlobalAveragePooling1D(args)),
  },
  GlobalMaxPooling1D: {
    positional: [],
    required: [],
    options: common,
    defaults: {},
    rank: sequence,
    make: make((args: object) => new GlobalMaxPooling1D(args)),
  },
} satisfies Record<string, LayerEntry>;

export type LayerClass = keyof typeof table;

export const layerClasses = Object.keys(table) as LayerClass[];

/** The entry of a class name; none for tfjs's other layers. */
export function entryOf(className: string): LayerEntry | undefined {
  return Object.hasOwn(table, className) ? table[className as LayerClass] : undefined;
}
