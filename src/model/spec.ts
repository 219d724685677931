import { didYouMean } from '../data/suggest.js';
import { usageError } from '../errors.js';
import { definitionOf, layerClasses } from '../layers/byName.js';
import type { Layer } from '../layers/define.js';
import { camelCase, namedOptions, short, shown } from '../spelling.js';
import { flag, mustBe, unknownOption } from '../valueKinds.js';
import { LayerError, makeLayer } from './making.js';
import { type Call, errorAt, isCall, parseCalls, type Value } from './notation.js';

/** Regularizers, initializers and constraints that take settings, with the settings that may be given by position. */
const settingsByPosition: Record<string, string[]> = {
  l1: ['l1'],
  l2: ['l2'],
  l1L2: ['l1', 'l2'],
  constant: ['value'],
  identity: ['gain'],
  orthogonal: ['gain', 'seed'],
  randomUniform: ['minval', 'maxval', 'seed'],
  randomNormal: ['mean', 'stddev', 'seed'],
  truncatedNormal: ['mean', 'stddev', 'seed'],
  varianceScaling: ['scale', 'mode', 'distribution', 'seed'],
  maxNorm: ['maxValue', 'axis'],
  minMaxNorm: ['minValue', 'maxValue', 'rate', 'axis'],
  unitNorm: ['axis'],
};

/**
 * Layers from the notation that Keras programs are written in: `LSTM(50), Dense(10, softmax)`. Options by position or by
 * name, in Keras's snake_case or in camelCase; strings quoted or bare; true, false, None; lists in ( ) or [ ]; layers in layers:
 * `Bidirectional(LSTM(64, return_sequences=true)), Dropout(0.2)`. `Sequential(…)` or `Sequential([…])` around it and an
 * `Input((30, 4))` or `Input(batch_shape=(32, 30, 4))` before it are accepted.
 *
 * @param options `stateful`: recurrent layers that do not say are stateful
 * @throws MemcellError 'model' whose first line says what is wrong at which character, followed by the text and a caret
 */
export function parseSpec(text: string, options: { stateful?: boolean } = {}): Layer[] {
  const { stateful = false, ...others } = namedOptions('parseSpec', options);
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw usageError(unknownOption('parseSpec', unknown, ['stateful']));
  if (!flag.check(stateful)) throw usageError(mustBe('parseSpec: stateful', flag.what, stateful));
  if (typeof text !== 'string')
    throw usageError(`layers are a text such as 'LSTM(50), Dense(10, softmax)', not ${shown(text)}`);
  const calls = parseCalls(text);
  const input = calls[0]?.name === 'Input' ? calls.shift() : undefined;
  if (calls.length === 0) throw errorAt(text, text.length, 'no layers; write for example LSTM(50), Dense(10, softmax)');
  const shape = input && shapeOf(text, input);
  return calls.map((call, i) => {
    const carries = stateful && takesStateful(call.name) && !('stateful' in call.named);
    return layerOf(text, call, { ...(i === 0 && shape), ...(carries && { stateful: true }) });
  });
}

function takesStateful(name: string): boolean {
  return Object.hasOwn(definitionOf(name)?.schema ?? {}, 'stateful');
}

/** What Input says, as options of the first layer. */
function shapeOf(text: string, { positional, named, at }: Call): Record<string, Value> {
  const { batch_shape: batchShape = named.batchShape, batch_size: batchSize = named.batchSize } = named;
  if (batchShape !== undefined) return { batchShape };
  const shape = positional[0] ?? named.shape;
  if (shape === undefined)
    throw errorAt(text, at?.name ?? 0, 'Input: shape is missing; write for example Input((30, 4))');
  return { inputShape: shape, ...(batchSize !== undefined && { batchSize }) };
}

function layerOf(text: string, call: Call, shape: Record<string, Value> = {}): Layer {
  const at = call.at?.name ?? 0;
  const named: Record<string, unknown> = { ...shape };
  for (const [name, value] of Object.entries(call.named)) {
    const option = camelCase(name);
    if (option in named) throw errorAt(text, call.at?.named[name] ?? at, `${call.name}: ${option} is given twice`);
    named[option] = meaning(text, value);
  }
  const positional = call.positional.map((value) => meaning(text, value));
  try {
    const definition = definitionOf(call.name);
    if (!definition) throw unknownLayer(call.name);
    return makeLayer(definition, positional, named);
  } catch (error) {
    if (error instanceof LayerError) throw errorAt(text, placeOf(call, error.option), error.message);
    throw error;
  }
}

function unknownLayer(name: string): LayerError {
  const known = layerClasses();
  return new LayerError(
    `unknown layer '${short(name)}'${didYouMean(name, known) || `; known are ${known.join(', ')}`}`,
  );
}

/** Where an option stands in the text; the layer's own place if it is not there. */
function placeOf({ name, at }: Call, option: string | undefined): number {
  if (!at) return 0;
  const named = Object.entries(at.named).find(([written]) => camelCase(written) === option)?.[1];
  const position = definitionOf(name)?.positional.indexOf(option ?? '') ?? -1;
  return named ?? at.positional[position] ?? at.name;
}

function meaning(text: string, value: Value): unknown {
  if (Array.isArray(value)) return value.map((item) => meaning(text, item));
  if (!isCall(value)) return value;
  if (definitionOf(value.name)) return layerOf(text, value);
  return setting(text, value);
}

/** l2(0.01) → { l2: 0.01 }; RandomUniform(-0.1, 0.1) → { className: 'RandomUniform', config: { minval: -0.1, maxval: 0.1 } } */
function setting(text: string, { name, positional, named, at }: Call): unknown {
  const known = Object.keys(settingsByPosition);
  const camel = camelCase(name);
  const found = known.find((one) => one.toLowerCase() === camel.toLowerCase());
  const place = at?.name ?? 0;
  if (found === undefined) {
    const remedy = didYouMean(name, [...layerClasses(), ...known]) || `; layers are ${layerClasses().join(', ')}`;
    throw errorAt(text, place, `unknown layer '${name}'${remedy}`);
  }
  const order = settingsByPosition[found];
  if (positional.length > order.length) throw errorAt(text, place, `${name}: takes at most ${order.join(', ')}`);
  const config: Record<string, unknown> = {};
  for (const [i, value] of positional.entries()) config[order[i]] = value;
  for (const [option, value] of Object.entries(named)) {
    if (!order.includes(camelCase(option))) {
      throw errorAt(text, at?.named[option] ?? place, unknownOption(name, camelCase(option), order));
    }
    config[camelCase(option)] = value;
  }
  if (order[0] === 'l1' || order[0] === 'l2') return Object.keys(config).length > 0 ? config : found.toLowerCase();
  return { className: found[0].toUpperCase() + found.slice(1), config };
}
