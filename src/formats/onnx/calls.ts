import { isJsonObject, isRecord, type Json } from '../modelJson.js';
import { refused } from './refused.js';

/** More layers are taken for a mistake; a chain of them is followed by a function that calls itself. */
const mostLayers = 2000;

export type Config = { [key: string]: Json };

/** A layer applied to what other layers give: a value's number is the place of the call that makes it. */
export interface Call {
  className: string;
  name: string;
  config: Config;
  inputs: Call[];
}

export interface Calls {
  sequential: boolean;
  /** In an order in which every layer comes after those that it reads. */
  calls: Call[];
  inputs: Call[];
  outputs: Call[];
}

/**
 * The layers of a topology in Keras 2's form, in the order in which they run.
 * @throws MemcellError 'usage' that names the layer, for a model in a model, a layer that is used twice
 */
export function callsOf(topology: Config): Calls {
  const model = isJsonObject(topology.model_config) ? topology.model_config : topology;
  const config = isJsonObject(model.config) ? model.config : {};
  const listed = Array.isArray(model.config) ? model.config : config.layers;
  const layers = (Array.isArray(listed) ? listed : []).filter(isJsonObject);
  if (layers.length > mostLayers)
    throw refused('the model', `it has ${layers.length} layers; the most is ${mostLayers}`);
  return model.class_name === 'Sequential' ? chain(layers) : network(layers, config);
}

function chain(layers: Config[]): Calls {
  const calls: Call[] = [];
  for (const [place, layer] of layers.entries()) {
    const call = bare(layer);
    if (place === 0 && call.className !== 'InputLayer') {
      const { batch_input_shape = null, dtype = null } = call.config;
      const config = { batch_input_shape, dtype };
      calls.push({ className: 'InputLayer', name: `${call.name}_input`, config, inputs: [] });
    }
    calls.push({ ...call, inputs: calls.slice(-1) });
  }
  if (calls.length < 2) throw refused('the model', 'it has no layers');
  calls[0].inputs = [];
  return { sequential: true, calls, inputs: [calls[0]], outputs: calls.slice(-1) };
}

function network(layers: Config[], config: Config): Calls {
  const byName = new Map<string, { call: Call; from: string[] }>();
  for (const layer of layers) {
    const call = bare(layer);
    const nodes = Array.isArray(layer.inbound_nodes) ? layer.inbound_nodes : [];
    if (nodes.length > 1) throw refused(`layer ${call.name}`, 'it is used at several places of the model');
    const [node = []] = nodes;
    const from = Array.isArray(node) ? node.map((source) => sourceOf(source, call.name)) : [];
    byName.set(call.name, { call, from });
  }
  const calls: Call[] = [];
  const visiting = new Set<string>();
  const visit = (name: string): Call => {
    const entry = byName.get(name);
    if (!entry) throw refused('the model', `it names a layer ${JSON.stringify(name)} that it has not`);
    if (calls.includes(entry.call)) return entry.call;
    if (visiting.has(name)) throw refused(`layer ${name}`, 'it reads its own output');
    visiting.add(name);
    entry.call.inputs = entry.from.map(visit);
    calls.push(entry.call);
    return entry.call;
  };
  const ends = (value: Json) => (Array.isArray(value) ? value.map((end) => visit(sourceOf(end, 'the model'))) : []);
  const inputs = ends(config.input_layers);
  const outputs = ends(config.output_layers);
  if (outputs.length === 0) throw refused('the model', 'it names no outputs');
  return { sequential: false, calls, inputs, outputs };
}

function bare(layer: Config): Call {
  const config = isJsonObject(layer.config) ? layer.config : {};
  const name = typeof layer.name === 'string' ? layer.name : String(config.name);
  const className = String(layer.class_name);
  if (isRecord(config) && 'layers' in config) throw refused(`layer ${name}`, 'it is a model inside the model');
  return { className, name, config, inputs: [] };
}

/** `[layer, node, tensor, options?]` */
function sourceOf(source: Json, reader: string): string {
  if (!Array.isArray(source)) throw refused(`layer ${reader}`, 'its inputs are not those of one call');
  const [name, node = 0, tensor = 0, options = {}] = source;
  if (node !== 0 || tensor !== 0) throw refused(`layer ${reader}`, `it reads another output of ${name} than the first`);
  if (isRecord(options) && Object.keys(options).length > 0) {
    throw refused(`layer ${reader}`, `it is called with ${Object.keys(options)}`);
  }
  return String(name);
}
