/** One layer's class and options, whichever Keras wrote them, as Keras 2 and tfjs write them. */

import { tfjsActivation } from '../../activations.js';
import { isBuiltInClass } from '../../kernels/tfjs/builtIn.js';
import { definitionOf } from '../../layers/byName.js';
import { common } from '../../layers/define.js';
import { camelCase, snakeCase } from '../../spelling.js';
import { invalid, isJsonObject, type Json } from '../modelJson.js';

export type JsonObject = { [key: string]: Json };

/** What reading one file is about. */
export interface Reading {
  /** The file, for errors. */
  where: string;
  /** Keras 3's functions are meant where Keras 2's of the same name are others (hard_sigmoid). */
  keras3: boolean;
  /** What is left out, a line each. */
  lost: string[];
}

/** Classes that are another's under an older name. */
const RENAMED: Record<string, string> = {
  CuDNNLSTM: 'LSTM',
  CuDNNGRU: 'GRU',
  // tf.keras 1.13 and the previews of 2.0.
  UnifiedLSTM: 'LSTM',
  UnifiedGRU: 'GRU',
  Convolution1D: 'Conv1D',
  Convolution2D: 'Conv2D',
  Identity: 'Activation',
  BatchNormalizationV1: 'BatchNormalization',
  BatchNormalizationV2: 'BatchNormalization',
  SyncBatchNormalization: 'BatchNormalization',
};

/** Keras 1's names of options. */
const KERAS1_OPTIONS: Record<string, string> = {
  init: 'kernel_initializer',
  inner_init: 'recurrent_initializer',
  inner_activation: 'recurrent_activation',
  bias: 'use_bias',
  W_regularizer: 'kernel_regularizer',
  U_regularizer: 'recurrent_regularizer',
  b_regularizer: 'bias_regularizer',
  W_constraint: 'kernel_constraint',
  U_constraint: 'recurrent_constraint',
  b_constraint: 'bias_constraint',
  dropout_W: 'dropout',
  dropout_U: 'recurrent_dropout',
  p: 'rate',
  nb_filter: 'filters',
  filter_length: 'kernel_size',
  subsample_length: 'strides',
  border_mode: 'padding',
  pool_length: 'pool_size',
  stride: 'strides',
  subsample: 'strides',
};

/** Options that tfjs's layers have, beside initializers, regularizers and constraints. */
const OPTIONS = new Set(
  `activation alpha axes axis batch_input_shape center cropping data_format depth_multiplier dilation_rate dims dropout epsilon filters
  go_backwards input_dim input_length interpolation kernel_size mask_value mask_zero max_value merge_mode momentum n name noise_shape
  normalize offset output_dim padding pool_size rate recurrent_activation recurrent_dropout reset_after return_sequences return_state scale
  shared_axes size stateful stddev strides target_shape theta trainable unit_forget_bias units use_bias`.split(/\s+/),
);

/** Options that say how something is computed or stored, not what. */
const WITHOUT_EFFECT = new Set(
  `attention_axes flash_attention query_shape key_shape value_shape lora_alpha autocast batch_shape build_config consume_less dtype implementation input_dtype input_shape optional seed shared_object_id
  synchronized unroll use_cudnn virtual_batch_size renorm_momentum renorm_clipping`.split(/\s+/),
);

/** Options with the only value that layers here act by. */
const ONLY: Record<string, Json> = {
  groups: 1,
  keepdims: false,
  negative_slope: 0,
  renorm: false,
  rms_scaling: false,
  threshold: 0,
  sliding_window: null,
  time_major: false,
  use_gate: false,
  zero_output_for_mask: false,
};

const isEmpty = (value: Json) =>
  value === null || value === false || value === 0 || value === '' || (Array.isArray(value) && value.length === 0);

/**
 * The options of a layer that holds no other, of `className` as it will be.
 * @param name the layer's, for errors
 * @throws MemcellError 'model' that names the layer and the option which nothing here follows
 */
export function layerOptions(className: string, given: JsonObject, name: string, reading: Reading): JsonObject {
  const { where, lost } = reading;
  const layer = `layer ${JSON.stringify(name)} (${className})`;
  const options: JsonObject = {};
  const own = ownOptions(className);
  for (const [written, value] of Object.entries(modernNames(className, given))) {
    const what = `${layer}: ${written}`;
    if (written === 'lora_rank') {
      // Keras adds them to the layer's weights when it saves.
      if (value !== null)
        lost.push(
          `${layer}: its LoRA of rank ${JSON.stringify(value)}, which is in its weights: all of them are trained here`,
        );
    } else if (written.endsWith('_initializer')) options[written] = initializer(value, what, lost);
    else if (written === 'activity_regularizer' && !own.includes(written)) noted(value, what, lost);
    else if (written.endsWith('_regularizer')) options[written] = regularizer(value, what, lost);
    else if (written.endsWith('_constraint')) options[written] = constraint(value, what, lost);
    else if (written === 'activation' || written === 'recurrent_activation') {
      options[written] = activation(value, `${where}: ${what}`, reading.keras3);
    } else if (OPTIONS.has(written) || own.includes(written)) options[written] = value;
    else if (Object.hasOwn(ONLY, written)) {
      if (value !== null && value !== ONLY[written]) {
        throw invalid(where, `${what} is ${JSON.stringify(value)}; nothing here runs such a layer`);
      }
    } else if (!WITHOUT_EFFECT.has(written)) noted(value, what, lost);
  }
  // Keras 3's Identity is one that says nothing.
  if (className === 'Activation') options.activation ??= 'linear';
  const { axis } = options;
  if (className === 'BatchNormalization' && Array.isArray(axis) && axis.length === 1) options.axis = axis[0];
  return options;
}

/** The options of one of memcell's layers, as Keras spells them; none for other layers. */
export function ownOptions(className: string): string[] {
  const names = Object.keys(definitionOf(className)?.schema ?? {});
  return names.filter((name) => !Object.hasOwn(common, name)).map(snakeCase);
}

/** The class that a layer's written class is now. */
export function className(written: string): string {
  return Object.hasOwn(RENAMED, written) ? RENAMED[written] : written;
}

function noted(value: Json, what: string, lost: string[]): void {
  if (!isEmpty(value)) lost.push(`${what} is not applied`);
}

/** Options under the names that Keras 2 has for them. */
function modernNames(className: string, given: JsonObject): JsonObject {
  const options: JsonObject = {};
  for (const [name, value] of Object.entries(given)) {
    let modern = Object.hasOwn(KERAS1_OPTIONS, name) ? KERAS1_OPTIONS[name] : name;
    if (name === 'init' && className === 'Embedding') modern = 'embeddings_initializer';
    if (name === 'forget_bias_init') {
      options.unit_forget_bias = value === 'one';
      continue;
    }
    if (name === 'output_dim' && className !== 'Embedding') modern = 'units';
    if (name === 'input_dim' && className !== 'Embedding') continue;
    if (name === 'dim_ordering') {
      options.data_format = value === 'th' ? 'channels_first' : 'channels_last';
      continue;
    }
    if (name === 'nb_row' || name === 'nb_col') {
      options.kernel_size = [given.nb_row ?? value, given.nb_col ?? value];
      continue;
    }
    if (name === 'negative_slope' && className === 'LeakyReLU') modern = 'alpha';
    options[modern] = value;
  }
  if (className === 'GRU') options.reset_after ??= false;
  return options;
}

/** `{ class_name, config }` of what was written as a name, or with Keras 3's module and registered name. */
function described(value: Json): { name: string; config: JsonObject } | undefined {
  if (typeof value === 'string') return { name: value, config: {} };
  if (!isJsonObject(value) || typeof value.class_name !== 'string') return undefined;
  // A function of Keras's, as Keras 3 writes some: { class_name: 'function', config: 'relu' }.
  if (value.class_name === 'function' && typeof value.config === 'string') return { name: value.config, config: {} };
  return { name: value.class_name, config: isJsonObject(value.config) ? value.config : {} };
}

const INITIALIZERS = new Map(
  `Zeros Ones Constant RandomUniform RandomNormal TruncatedNormal Identity VarianceScaling GlorotUniform GlorotNormal HeNormal HeUniform
  LeCunNormal LeCunUniform Orthogonal`
    .split(/\s+/)
    .map((name) => [name.toLowerCase(), name]),
);

const INITIALIZER_OPTIONS = [
  'value',
  'minval',
  'maxval',
  'mean',
  'stddev',
  'gain',
  'scale',
  'mode',
  'distribution',
  'seed',
];

/** Weights are read over what an initializer draws: one that is not known is no reason to refuse a model. */
function initializer(value: Json, what: string, lost: string[]): Json {
  if (value === null) return null;
  const given = described(value);
  const key =
    given &&
    camelCase(given.name)
      .replace(/Initializer$|V[12]$/g, '')
      .toLowerCase();
  const aliases: Record<string, string> = {
    normal: 'RandomNormal',
    uniform: 'RandomUniform',
    zero: 'Zeros',
    one: 'Ones',
  };
  const known = key === undefined ? undefined : (INITIALIZERS.get(key) ?? aliases[key]);
  if (!given || known === undefined) {
    noted(value, what, lost);
    return { class_name: 'Zeros', config: {} };
  }
  const config: JsonObject = {};
  for (const option of INITIALIZER_OPTIONS) {
    const set = given.config[option];
    if (set === undefined) continue;
    if (option === 'seed') config.seed = typeof set === 'number' ? set : null;
    else config[option] = set;
  }
  return { class_name: known, config };
}

function regularizer(value: Json, what: string, lost: string[]): Json {
  if (value === null) return null;
  const given = described(value);
  const kind = given && camelCase(given.name).toLowerCase();
  const factor = (name: string, otherwise: number) => {
    const set = given?.config[name];
    return typeof set === 'number' ? set : otherwise;
  };
  const written = typeof value === 'string' ? 0.01 : 0;
  if (kind === 'l1') return { class_name: 'L1L2', config: { l1: factor('l1', 0.01), l2: 0 } };
  if (kind === 'l2') return { class_name: 'L1L2', config: { l1: 0, l2: factor('l2', 0.01) } };
  if (kind === 'l1l2' || kind === 'weightregularizer') {
    return { class_name: 'L1L2', config: { l1: factor('l1', written), l2: factor('l2', written) } };
  }
  noted(value, what, lost);
  return null;
}

const CONSTRAINTS: Record<string, [name: string, options: string[]]> = {
  maxnorm: ['MaxNorm', ['max_value', 'axis']],
  minmaxnorm: ['MinMaxNorm', ['min_value', 'max_value', 'rate', 'axis']],
  nonneg: ['NonNeg', []],
  unitnorm: ['UnitNorm', ['axis']],
};

function constraint(value: Json, what: string, lost: string[]): Json {
  if (value === null) return null;
  const given = described(value);
  const key = given && camelCase(given.name).toLowerCase();
  if (!given || key === undefined || !Object.hasOwn(CONSTRAINTS, key)) {
    noted(value, what, lost);
    return null;
  }
  const [name, options] = CONSTRAINTS[key];
  const config = Object.fromEntries(
    options.flatMap((option) => {
      const set = given.config[option];
      return set === undefined ? [] : [[option, set]];
    }),
  );
  return { class_name: name, config };
}

/** @throws MemcellError 'model' for a function that nothing here has */
function activation(value: Json, what: string, keras3: boolean): Json {
  if (value === null) return 'linear';
  const given = described(value);
  if (!given || Object.keys(given.config).length > 0) {
    throw invalid(what, `${JSON.stringify(value)?.slice(0, 80)} is not the name of a function; nothing here runs it`);
  }
  const name = camelCase(given.name);
  if (/^lambda|^<lambda>/i.test(name)) throw invalid(what, 'a Lambda is Python code, which is not run');
  if (name === 'hardSigmoid') return keras3 ? 'hard_sigmoid_keras3' : 'hard_sigmoid';
  if (isBuiltInClass(name) || name === 'hardSigmoidKeras3') return snakeCase(name);
  return snakeCase(tfjsActivation(name, what));
}
