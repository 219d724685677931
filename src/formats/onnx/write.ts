import { isRecord } from '../../fields.js';
import { sha256 } from '../checksum.js';
import type { ModelContents, StoredWeight } from '../modelFile.js';
import { GraphBuilder } from './builder.js';
import { type Call, callsOf, type Source } from './calls.js';
import { asFloats, type Flow } from './layerContext.js';
import { dataTypes, encodeModel, encodeStructure, type GraphProto, type ValueInfoProto } from './proto.js';
import { refused } from './refused.js';
import { refusal, writeLayer } from './writeLayers.js';

/** The version of the operators, as PyTorch's exporter takes it, and the oldest version of the format that has it. */
const OPSET = 18;
const IR_VERSION = 8;

/** More than this in one file is refused: a message of protobuf has less than 2 GiB. */
const mostBytes = 2 ** 31 - 2 ** 20;

/** The key under which the file says all that its graph does not: see Kept. */
export const keptKey = 'memcell';

/** What memcell keeps beside the graph, as JSON. It holds as long as the graph is the one that was written with it. */
export interface Kept {
  version: 1;
  topology: ModelContents['topology'];
  training?: ModelContents['training'];
  metadata: Record<string, unknown>;
  weights: { layer: string; name: string; shape: number[] }[];
  /** SHA-256 of the graph without its weights, where the platform has that function. */
  structure?: string;
}

/**
 * An ONNX file of a model: recurrent layers as LSTM, GRU and RNN operators, number of rows and steps free. Inputs and outputs
 * have the names that `metadata.inputs` and `metadata.outputs` give them, else those of a functional model's layers, else x and y.
 * @throws MemcellError 'usage' that names the layer, and the option of it, that ONNX cannot hold
 */
export async function writeOnnx(contents: ModelContents): Promise<{ bytes: Uint8Array; lost: string[] }> {
  const { topology, weights, training, metadata, optimizerState } = contents;
  const total = weights.reduce((sum, { data }) => sum + data.byteLength, 0);
  if (total > mostBytes) throw refused('the model', `its weights are ${total} bytes, and one file holds 2 GiB`);
  const graph = writeGraph(contents);
  const kept: Kept = {
    version: 1,
    topology,
    training,
    metadata,
    weights: weights.map(({ layer, name, shape }) => ({ layer, name, shape })),
    structure: await structureOf(graph),
  };
  const bytes = encodeModel({
    irVersion: IR_VERSION,
    producerName: 'memcell',
    graph,
    opsetImport: [{ domain: '', version: OPSET }],
    metadataProps: [...toldProps(metadata), { key: keptKey, value: JSON.stringify(kept) }],
  });
  const lost = optimizerState ? ['the state of the optimizer: ONNX files hold models to run, not to train on'] : [];
  return { bytes, lost };
}

export async function structureOf(graph: GraphProto): Promise<string | undefined> {
  return sha256(encodeStructure(graph).buffer);
}

/** `metadata.arrays`, what x and y are, for people and programs that do not know memcell. */
function toldProps({ arrays }: Record<string, unknown>): { key: string; value: string }[] {
  if (!isRecord(arrays)) return [];
  return Object.entries(arrays).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? value : JSON.stringify(value),
  }));
}

function writeGraph({ topology, weights, metadata }: ModelContents): GraphProto {
  const { sequential, calls, inputs, outputs } = callsOf(topology);
  const inputNames = namesFor(inputs, metadata.inputs, sequential ? 'x' : undefined);
  const outputNames = namesFor(
    outputs.map(({ call }) => call),
    metadata.outputs,
    sequential ? 'y' : undefined,
    new Set(inputNames),
  );
  const graph = new GraphBuilder([...inputNames, ...outputNames]);
  const stored = new Map<string, StoredWeight[]>();
  for (const weight of weights) stored.set(weight.layer, [...(stored.get(weight.layer) ?? []), weight]);
  const flows = new Map<Call, Flow[]>();
  const flowOf = ({ call, output }: Source): Flow => {
    const flow = flows.get(call)?.[output];
    if (!flow) throw refused(`layer ${call.name}`, `memcell writes no output ${output + 1} of it`);
    return flow;
  };
  const declared: ValueInfoProto[] = [];
  for (const call of calls) {
    const place = inputs.indexOf(call);
    if (place >= 0) {
      const flow = inputFlow(call, inputNames[place]);
      const indices = calls.some(({ className, inputs: [from] }) => className === 'Embedding' && from?.call === call);
      const steps = inputs.length === 1 ? 'steps' : `${inputNames[place]}_steps`;
      declared[place] = valueInfo(inputNames[place], indices ? dataTypes.int64 : dataTypes.float, flow.shape, steps);
      flows.set(call, [{ ...flow, ...(indices && { whole: true }) }]);
    } else {
      const read = call.inputs.map(flowOf);
      const inputs = call.className === 'Embedding' ? read : read.map((each) => asFloats(graph, each));
      flows.set(call, writeCall(graph, call, inputs, stored));
    }
  }
  const written = new Set(calls.map(({ name }) => name));
  for (const [layer, [first]] of stored) {
    if (!written.has(layer)) throw refused(`layer ${layer}`, `nothing of its operator holds the weight ${first.name}`);
  }
  const made = outputs.map((source, index) => {
    const { value, shape } = asFloats(graph, flowOf(source));
    graph.rename(value, outputNames[index]);
    return valueInfo(outputNames[index], dataTypes.float, shape, `${outputNames[index]}_steps`);
  });
  return { name: 'memcell', node: graph.nodes, initializer: graph.initializers, input: declared, output: made };
}

function writeCall(graph: GraphBuilder, call: Call, inputs: Flow[], stored: Map<string, StoredWeight[]>): Flow[] {
  const { className, name, config } = call;
  const refuse = refusal(className, name);
  const left = [...(stored.get(name) ?? [])];
  const weight = (what: string, shape: number[]): Float32Array => {
    const next = left.shift();
    if (!next) throw refuse(`its ${what} is missing`);
    if (next.shape.length !== shape.length || next.shape.some((size, axis) => size !== shape[axis])) {
      throw refuse(`its ${what} has shape [${next.shape}], not [${shape}]`);
    }
    return Float32Array.from(next.data);
  };
  const made = writeLayer({ graph, className, name, config, input: inputs[0], inputs, weight, refuse });
  if (left.length > 0) throw refuse(`nothing of its operator holds the weight ${left[0].name}`);
  return made;
}

function inputFlow({ className, name, config }: Call, value: string): Flow {
  const given = config.batch_input_shape ?? config.batch_shape;
  if (!Array.isArray(given))
    throw refusal(className, name)('the shape of its input is not known; build the model first');
  return { value, shape: given.map((size, axis) => (axis === 0 || size === null ? null : Number(size))) };
}

function namesFor(calls: Call[], wished: unknown, only: string | undefined, taken = new Set<string>()): string[] {
  const given = Array.isArray(wished) && wished.length === calls.length ? wished.map(String) : undefined;
  return calls.map((call, index) => {
    let name = given?.[index] ?? only ?? call.name;
    while (name === '' || taken.has(name)) name = `${name}_`;
    taken.add(name);
    return name;
  });
}

/** Free axes have names: the batch, the steps, others by their place. */
function valueInfo(name: string, elemType: number, shape: (number | null)[], steps: string): ValueInfoProto {
  const dim = shape.map((size, axis) => {
    if (size !== null) return { value: size };
    return { param: axis === 0 ? 'batch' : axis === 1 ? steps : `${name}_axis${axis}` };
  });
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}
