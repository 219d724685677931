import { isJsonObject, isRecord, type Json } from '../modelJson.js';
import { refused } from './refused.js';

/** More layers are taken for a mistake; a chain of them is followed by a function that calls itself. */
const mostLayers = 2000;

export type Config = { [key: string]: Json };

/** A layer applied to what other layers give, as often as it is called. */
export interface Call {
  className: string;
  name: string;
  config: Config;
  inputs: Source[];
}

/** One of the outputs of a call. */
export interface Source {
  call: Call;
  output: number;
}

export interface Calls {
  sequential: boolean;
  /** In an order in which every layer comes after those that it reads. */
  calls: Call[];
  inputs: Call[];
  outputs: Source[];
}

/**
 * The layers of a topology in Keras 2's form, in the order in which they run.
 * @throws MemcellError 'usage' that names the layer, for a model in a model
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
    calls.push({ ...call, inputs: calls.slice(-1).map(firstOf) });
  }
  if (calls.length < 2) throw refused('the model', 'it has no layers');
  calls[0].inputs = [];
  return { sequential: true, calls, inputs: [calls[0]], outputs: calls.slice(-1).map(firstOf) };
}

const firstOf = (call: Call): Source => ({ call, output: 0 });

function network(layers: Config[], config: Config): Calls {
  const byName = new Map<string, { call: Call; from: Place[] }[]>();
  for (const layer of layers) {
    const call = bare(layer);
    const nodes = Array.isArray(layer.inbound_nodes) ? layer.inbound_nodes : [];
    const each = nodes.length === 0 ? [[]] : nodes;
    byName.set(
      call.name,
      each.map((node) => ({
        call: { ...call },
        from: Array.isArray(node) ? node.map((source) => placeOf(source, call.name)) : [],
      })),
    );
  }
  const calls: Call[] = [];
  const visiting = new Set<Call>();
  const visit = ({ name, node, output }: Place): Source => {
    const entry = byName.get(name)?.[node];
    if (!entry)
      throw refused('the model', `it names call ${node + 1} of a layer ${JSON.stringify(name)} that it has not`);
    const { call, from } = entry;
    if (calls.includes(call)) return { call, output };
    if (visiting.has(call)) throw refused(`layer ${name}`, 'it reads its own output');
    visiting.add(call);
    call.inputs = from.map(visit);
    calls.push(call);
    return { call, output };
  };
  const ends = (value: Json) => (Array.isArray(value) ? value.map((end) => visit(placeOf(end, 'the model'))) : []);
  const inputs = ends(config.input_layers).map(({ call }) => call);
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

/** A layer's name, which of its calls, and which of the call's outputs. */
interface Place {
  name: string;
  node: number;
  output: number;
}

/** `[layer, node, tensor, options?]` */
function placeOf(source: Json, reader: string): Place {
  if (!Array.isArray(source)) throw refused(`layer ${reader}`, 'its inputs are not those of one call');
  const [name, node = 0, output = 0, options = {}] = source;
  if (isRecord(options) && Object.keys(options).length > 0) {
    throw refused(`layer ${reader}`, `it is called with ${Object.keys(options)}`);
  }
  return { name: String(name), node: Number(node), output: Number(output) };
}
