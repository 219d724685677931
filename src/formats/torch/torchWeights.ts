/** Weights of PyTorch's modules for the layers of a model that is there already. */
import { shownName } from '../../format.js';
import { innerLayersOf, type LayerPlace, layersOf } from '../keras/layerTree.js';
import type { StoredWeight } from '../modelFile.js';
import { invalid, isJsonObject, type Json } from '../modelJson.js';
import { type Form, modulesOf, type TorchModule } from './modules.js';
import type { NamedArray } from './safetensors.js';

/** A layer with weights: what its module has to be. */
interface Wanted extends Omit<Form, 'units'> {
  /** Not known of a normalization behind some other layers. */
  units?: number;
  layer: LayerPlace;
  /** Of the layer itself or of the one that it wraps. */
  config: { [key: string]: Json };
}

/**
 * The arrays of a PyTorch model as the weights of the layers of `topology`. A module goes to the layer of its name, else to the
 * one that it fits by kind and sizes; of several alike, numbered ones (lstm_l0, lstm_l1, fc1, fc2) in their order.
 *
 *     Linear, Embedding, LayerNorm, BatchNorm, Conv1d: kernel = weightᵀ
 *     LSTM, gates i f g o as Keras's i f c o: kernel = weight_ihᵀ, bias = bias_ih + bias_hh
 *     GRU, gates r z n to Keras's z r h: its biases stay apart, as a GRU with resetAfter has them
 *
 * @throws MemcellError 'model' that names all layers and all arrays that found no partner
 */
export function torchWeights(
  arrays: readonly NamedArray[],
  topology: { [key: string]: Json },
  where: string,
): StoredWeight[] {
  const { modules, unknown } = modulesOf(arrays);
  const projected = arrays.find(({ name }) => /(^|\.)weight_hr_l\d+(_reverse)?$/.test(name));
  if (projected) {
    throw invalid(
      where,
      `${shownName(projected.name)} is a projection of the state (proj_size), which no layer of Keras has`,
    );
  }
  const wanted = weighted(topology);
  const { pairs, layers, left } = match(wanted, modules, where);
  if (layers.length > 0 || left.length > 0 || unknown.length > 0) {
    const lines = [
      layers.length > 0 ? `nothing in the file fits ${layers.map(textOf).join(', ')}` : '',
      left.length > 0 ? `no layer of the model takes ${left.map(moduleText).join(', ')}` : '',
      unknown.length > 0 ? `memcell does not know what ${unknown.map(shownName).join(', ')} belong to` : '',
    ];
    throw invalid(where, lines.filter((line) => line !== '').join('; '));
  }
  return wanted.flatMap((one) => {
    const module = pairs.get(one)!;
    return converted(one, module).map(({ name, shape, data }) => ({ layer: one.layer.path, name, shape, data }));
  });
}

function weighted(topology: { [key: string]: Json }): Wanted[] {
  const flat = (layers: LayerPlace[]): LayerPlace[] =>
    layers.flatMap((layer) => {
      const inner = innerLayersOf(layer);
      return inner ? flat(inner) : [layer];
    });
  const isChain = topology.class_name === 'Sequential';
  let features: number | undefined;
  return flat(layersOf(topology)).flatMap((layer) => {
    const shape = layer.config.batch_input_shape;
    if (Array.isArray(shape) && typeof shape.at(-1) === 'number') features = Number(shape.at(-1));
    const inner = innerOf(layer);
    const both = layer.className === 'Bidirectional';
    const { config } = inner;
    const form = formOf(inner, features);
    if (form) {
      const sides = both && (layer.config.merge_mode ?? 'concat') === 'concat' ? 2 : 1;
      features = form.units === undefined ? undefined : form.units * sides;
    } else if (!keepsFeatures.has(layer.className)) features = undefined;
    if (!isChain) features = undefined;
    return form ? [{ ...form, directions: both ? 2 : 1, layer, config }] : [];
  });
}

/** Layers without weights that give as many features as they take. */
const keepsFeatures = new Set([
  'Dropout', 'SpatialDropout1D', 'GaussianDropout', 'GaussianNoise', 'Activation', 'Masking', 'RepeatVector', 'ReLU', 'ELU',
  'LeakyReLU', 'Softmax', 'GlobalAveragePooling1D', 'GlobalMaxPooling1D', 'MaxPooling1D', 'AveragePooling1D', 'InputLayer',
]); // biome-ignore format: a list

function innerOf({ className, config }: LayerPlace): { className: string; config: { [key: string]: Json } } {
  const { layer } = config;
  if (!isJsonObject(layer)) return { className, config };
  return { className: String(layer.class_name), config: isJsonObject(layer.config) ? layer.config : {} };
}

function formOf(
  { className, config }: { className: string; config: { [key: string]: Json } },
  inputs?: number,
): Omit<Wanted, 'layer' | 'config'> | undefined {
  const bias = config.use_bias !== false;
  const common = { inputs, bias, directions: 1 };
  switch (className) {
    case 'LSTM':
    case 'GRU':
    case 'SimpleRNN':
    case 'Dense':
      return { kind: className, units: Number(config.units), ...common };
    case 'Conv1D':
      return { kind: className, units: Number(config.filters), ...common };
    case 'Embedding':
      return {
        kind: className,
        units: Number(config.output_dim),
        ...common,
        inputs: Number(config.input_dim),
        bias: false,
      };
    case 'LayerNormalization':
    case 'BatchNormalization':
      return { kind: className, units: inputs, ...common, bias: config.center !== false };
    default:
      return undefined;
  }
}

function fits(layer: Wanted, module: TorchModule): boolean {
  // An Embedding's weight looks like a Linear's without a bias, but stands (inputs, units).
  if (layer.kind === 'Embedding') {
    return module.kind === 'Dense' && !module.bias && module.units === layer.inputs && module.inputs === layer.units;
  }
  const same = (a: number | undefined, b: number | undefined) => a === undefined || a === b;
  return (
    // PyTorch's normalizations have a scale where they have weights at all.
    layer.config.scale !== false &&
    module.kind === layer.kind &&
    module.bias === layer.bias &&
    module.directions === layer.directions &&
    same(layer.units, module.units) &&
    same(layer.inputs, module.inputs)
  );
}

/** Which module is whose; the layers and modules that are left over. */
function match(wanted: readonly Wanted[], modules: readonly TorchModule[], where: string) {
  const pairs = new Map<Wanted, TorchModule>();
  const open = new Set(modules);
  const take = (layer: Wanted, module: TorchModule) => {
    pairs.set(layer, module);
    open.delete(module);
  };
  for (const layer of wanted) {
    const named = modules.filter(
      (module) => open.has(module) && fits(layer, module) && nameOf(module) === layer.layer.name,
    );
    if (named.length === 1) take(layer, named[0]);
  }
  const waiting = () => wanted.filter((layer) => !pairs.has(layer));
  const choices = (layer: Wanted) => [...open].filter((module) => fits(layer, module));
  for (let found = true; found; ) {
    found = false;
    for (const layer of waiting()) {
      const only = choices(layer);
      const sure = only.length === 1 && waiting().filter((other) => fits(other, only[0])).length === 1;
      if (!sure) continue;
      take(layer, only[0]);
      found = true;
    }
    if (found) continue;
    const [next] = waiting().filter((layer) => choices(layer).length > 1);
    if (!next) break;
    const rivals = choices(next);
    const alike = waiting().filter((layer) => choices(layer).some((module) => rivals.includes(module)));
    const ordered = inOrder(rivals);
    if (!ordered || alike.length !== rivals.length || !alike.every((layer, i) => fits(layer, ordered[i]))) {
      const names = alike.map(({ layer }) => layer.path).join(', ');
      const remedy = 'give the layers the names of the modules';
      throw invalid(
        where,
        `${rivals.map((rival) => shownName(nameOf(rival))).join(', ')} may each be the weights of ${names}: ${remedy}`,
      );
    }
    for (const [i, layer] of alike.entries()) take(layer, ordered[i]);
    found = true;
  }
  // A single module for several layers, or the other way round: the first of them has it.
  return { pairs, layers: waiting(), left: [...open] };
}

function nameOf({ name, level }: TorchModule): string {
  return level === undefined || level === 0 ? name : `${name}_l${level}`;
}

/** Modules whose names differ in one number only, in its order. */
function inOrder(modules: readonly TorchModule[]): TorchModule[] | undefined {
  const parts = modules.map((module) => `${module.name}_l${module.level ?? 0}`.split(/(\d+)/));
  const differing = parts[0].flatMap((part, at) => (parts.every((each) => each[at] === part) ? [] : [at]));
  const [at] = differing;
  const numbered = parts.every(({ length }) => length === parts[0].length) && differing.length === 1 && at % 2 === 1;
  if (!numbered) return undefined;
  return modules
    .map((module, i) => ({ module, number: Number(parts[i][at]) }))
    .sort((a, b) => a.number - b.number)
    .map(({ module }) => module);
}

function textOf({ layer, directions, kind, inputs, units, bias }: Wanted): string {
  const from = inputs === undefined ? '' : `${inputs} → `;
  return `layer ${layer.path} (${directions === 2 ? 'Bidirectional ' : ''}${kind}${units === undefined ? '' : ` ${from}${units}`}${bias ? '' : ' without bias'})`;
}

function moduleText({ arrays }: TorchModule): string {
  return [...arrays.values()].map(({ name, shape }) => `${shownName(name)} [${shape}]`).join(', ');
}

type Converted = Pick<StoredWeight, 'name' | 'shape' | 'data'>;

function converted({ kind, directions, config, layer }: Wanted, { arrays }: TorchModule): Converted[] {
  const get = (name: string) => arrays.get(name)!;
  const named = (name: string, array: NamedArray): Converted => ({ name, shape: array.shape, data: array.data });
  switch (kind) {
    case 'Embedding':
      return [named('embeddings', get('weight'))];
    case 'LayerNormalization':
    case 'BatchNormalization': {
      const scale = named('gamma', get('weight'));
      const center = config.center === false ? [] : [named('beta', get('bias'))];
      if (kind === 'LayerNormalization') return [scale, ...center];
      return [
        scale,
        ...center,
        named('moving_mean', get('running_mean')),
        named('moving_variance', get('running_var')),
      ];
    }
    case 'Conv1D':
      return [turned('kernel', get('weight')), ...(arrays.has('bias') ? [named('bias', get('bias'))] : [])];
    case 'Dense':
      return [turned('kernel', get('weight')), ...(arrays.has('bias') ? [named('bias', get('bias'))] : [])];
    default: {
      if (kind === 'GRU' && !config.reset_after && arrays.has('bias_hh')) {
        throw invalid(
          `layer ${layer.path}`,
          'PyTorch applies the reset gate after the recurrent product; build it with resetAfter: true',
        );
      }
      const ends = directions === 2 ? ['', '_reverse'] : [''];
      return ends.flatMap((end) => recurrent(kind, (name) => get(name + end), arrays.has('bias_ih')));
    }
  }
}

/** The places of PyTorch's gates r z n in Keras's order z r h. */
const gateOrder = { LSTM: [0, 1, 2, 3], GRU: [1, 0, 2], SimpleRNN: [0] };

function recurrent(kind: 'LSTM' | 'GRU' | 'SimpleRNN', get: (name: string) => NamedArray, bias: boolean): Converted[] {
  const order = gateOrder[kind];
  const gatesOf = ({ name, shape, data }: NamedArray): NamedArray => {
    const size = data.length / order.length;
    const made = new Float32Array(data.length);
    for (const [gate, from] of order.entries()) made.set(data.subarray(from * size, (from + 1) * size), gate * size);
    return { name, shape, data: made };
  };
  const weights = [turned('kernel', gatesOf(get('weight_ih'))), turned('recurrent_kernel', gatesOf(get('weight_hh')))];
  if (!bias) return weights;
  const [input, state] = [gatesOf(get('bias_ih')).data, gatesOf(get('bias_hh')).data];
  if (kind !== 'GRU') {
    const sum = input.map((value, i) => value + state[i]);
    return [...weights, { name: 'bias', shape: [sum.length], data: sum }];
  }
  const both = new Float32Array(2 * input.length);
  both.set(input);
  both.set(state, input.length);
  return [...weights, { name: 'bias', shape: [2, input.length], data: both }];
}

/** The axes in reverse order: (O,I) → (I,O), (O,I,k) → (k,I,O). */
function turned(name: string, { shape, data }: NamedArray): Converted {
  const [O, I, k = 1] = shape;
  const made = new Float32Array(data.length);
  for (let o = 0; o < O; o++)
    for (let i = 0; i < I; i++) for (let j = 0; j < k; j++) made[(j * I + i) * O + o] = data[(o * I + i) * k + j];
  return { name, shape: [...shape].reverse(), data: made };
}
