import { isRecord } from '../../fields.js';
import { counted } from '../../format.js';
import { isJsonObject, type Json } from '../modelJson.js';
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
 * The layers of a topology in Keras 2's form, in the order in which they run. Those of a model in the model are called in its place, by
 * names that begin with its.
 * @throws MemcellError 'usage' that names the layer
 */
export function callsOf(topology: Config): Calls {
  const model = isJsonObject(topology.model_config) ? topology.model_config : topology;
  return new Expansion().of(model, '');
}

class Expansion {
  private count = 0;

  of(model: Config, prefix: string): Calls {
    const config = isJsonObject(model.config) ? model.config : {};
    const listed = Array.isArray(model.config) ? model.config : config.layers;
    const layers = (Array.isArray(listed) ? listed : []).filter(isJsonObject);
    this.count += layers.length;
    if (this.count > mostLayers) throw refused('the model', `it has ${this.count} layers; the most is ${mostLayers}`);
    return model.class_name === 'Sequential' ? this.chain(layers, prefix) : this.network(layers, config, prefix);
  }

  private chain(layers: Config[], prefix: string): Calls {
    const calls: Call[] = [];
    let last: Source | undefined;
    for (const layer of layers) {
      const call = bare(layer, prefix);
      if (!last && call.className !== 'InputLayer') {
        const { batch_input_shape = null, dtype = null } = firstConfig(layer);
        const config = { batch_input_shape, dtype };
        const input = { className: 'InputLayer', name: `${call.name}_input`, config, inputs: [] };
        calls.push(input);
        last = firstOf(input);
      }
      last = this.called(layer, call, last ? [last] : [], calls)[0];
    }
    if (!last || calls.length < 2) throw refused('the model', 'it has no layers');
    return { sequential: true, calls, inputs: [calls[0]], outputs: [last] };
  }

  /** Adds a call, or those of the layers of a model; its outputs. */
  private called(layer: Config, call: Call, inputs: Source[], calls: Call[]): Source[] {
    if (!isModel(layer)) {
      call.inputs = inputs;
      calls.push(call);
      return [firstOf(call)];
    }
    const inner = this.of(layer, `${call.name}/`);
    if (inner.inputs.length !== inputs.length) {
      throw refused(
        `layer ${call.name}`,
        `it has ${counted(inner.inputs.length, 'input')} and is given ${inputs.length}`,
      );
    }
    const outside = (source: Source): Source => inputs[inner.inputs.indexOf(source.call)] ?? source;
    for (const each of inner.calls) {
      if (inner.inputs.includes(each)) continue;
      each.inputs = each.inputs.map(outside);
      calls.push(each);
    }
    return inner.outputs.map(outside);
  }

  private network(layers: Config[], config: Config, prefix: string): Calls {
    const byName = new Map<string, Entry[]>();
    for (const layer of layers) {
      const { name } = bare(layer, '');
      const nodes = Array.isArray(layer.inbound_nodes) ? layer.inbound_nodes : [];
      const each = nodes.length === 0 ? [[]] : nodes;
      byName.set(
        name,
        each.map((node) => ({
          layer,
          call: bare(layer, prefix),
          from: Array.isArray(node) ? node.map((source) => placeOf(source, name)) : [],
        })),
      );
    }
    const ends = (value: Json) => (Array.isArray(value) ? value.map((end) => placeOf(end, 'the model')) : []);
    const places = [config.input_layers, config.output_layers].map(ends);
    // A Sequential in a model counts its own making as its first call, which the file does not list.
    const highest = new Map<string, number>();
    for (const { name, node } of [...[...byName.values()].flat().flatMap(({ from }) => from), ...places.flat()]) {
      highest.set(name, Math.max(node, highest.get(name) ?? 0));
    }
    const entryOf = ({ name, node }: Place): Entry | undefined => {
      const entries = byName.get(name) ?? [];
      const unlisted = isModel(entries[0]?.layer) && (highest.get(name) ?? 0) >= entries.length ? 1 : 0;
      return entries[node - unlisted];
    };
    const calls: Call[] = [];
    const made = new Map<Entry, Source[]>();
    const visiting = new Set<Entry>();
    const visit = (place: Place): Source => {
      const entry = entryOf(place);
      if (!entry) {
        const which = `call ${place.node + 1} of a layer ${JSON.stringify(place.name)}`;
        throw refused('the model', `it names ${which} that it has not`);
      }
      let outputs = made.get(entry);
      if (!outputs) {
        if (visiting.has(entry)) throw refused(`layer ${place.name}`, 'it reads its own output');
        visiting.add(entry);
        outputs = this.called(entry.layer, entry.call, entry.from.map(visit), calls);
        made.set(entry, outputs);
      }
      if (!isModel(entry.layer)) return { call: entry.call, output: place.output };
      const output = outputs[place.output];
      if (!output) throw refused(`layer ${place.name}`, `it has no output ${place.output + 1}`);
      return output;
    };
    const [inputs, outputs] = places.map((all) => all.map(visit));
    if (outputs.length === 0) throw refused('the model', 'it names no outputs');
    return { sequential: false, calls, inputs: inputs.map(({ call }) => call), outputs };
  }
}

interface Entry {
  layer: Config;
  call: Call;
  from: Place[];
}

const firstOf = (call: Call): Source => ({ call, output: 0 });

function isModel(layer: Config | undefined): layer is Config {
  const config = layer?.config;
  return Array.isArray(config) || (isJsonObject(config) && Array.isArray(config.layers));
}

/** The settings of the first layer in a model, however deep. */
function firstConfig(layer: Config): Config {
  const config = isJsonObject(layer.config) ? layer.config : {};
  if (!isModel(layer) || config.batch_input_shape) return config;
  const [first] = Array.isArray(layer.config) ? layer.config : Array.isArray(config.layers) ? config.layers : [];
  return isJsonObject(first) ? firstConfig(first) : config;
}

function bare(layer: Config, prefix: string): Call {
  const config = isJsonObject(layer.config) ? layer.config : {};
  const name = typeof layer.name === 'string' ? layer.name : String(config.name);
  return { className: String(layer.class_name), name: `${prefix}${name}`, config, inputs: [] };
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
