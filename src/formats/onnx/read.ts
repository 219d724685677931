import type { ModelContents } from '../modelFile.js';
import { invalid, reasonOf } from '../modelJson.js';
import type { ReadGraph } from './graphOutputs.js';
import { readKept } from './kept.js';
import { contentsOf } from './layersOfGraph.js';
import { nodesInOrder } from './nodeOrder.js';
import { dataTypes, decodeModel, type GraphProto, type ModelProto } from './proto.js';
import { FrozenSteps, readGraph } from './readGraph.js';

/** A larger file is refused: protobuf's messages have less. */
const mostBytes = 2 ** 31;

/** Versions of the operators that memcell knows. */
const opsets = { oldest: 7, newest: 26 };

/**
 * A model from an ONNX file: one that memcell wrote comes back as it was; of others layers are read from the graph, as
 * PyTorch's exporters, tf2onnx and memcell write it.
 * @throws MemcellError 'model' that names the operator and node that no layer is
 */
export async function readOnnx(bytes: Uint8Array, where: string): Promise<ModelContents> {
  if (bytes.byteLength > mostBytes) throw invalid(where, `${bytes.byteLength} bytes; an ONNX file has less than 2 GiB`);
  let model: ModelProto;
  try {
    model = decodeModel(bytes);
  } catch (cause) {
    throw invalid(where, `not an ONNX file, or damaged: ${reasonOf(cause)}`, cause);
  }
  const { graph } = model;
  if (!graph) throw invalid(where, 'not an ONNX file: it has no graph');
  if (graph.sparseInitializer?.length) throw invalid(where, 'it has sparse tensors; export it with dense weights');
  const opset = opsetOf(model, where);
  const kept = await readKept(model, graph, where);
  if (kept) return kept;
  // Folding may go through the weights a few times.
  const budget = 2 ** 20 + 4 * bytes.byteLength;
  const read = readAsItGoes({ ...graph, node: [...nodesInOrder(graph.node ?? [])] }, opset, budget, where);
  return contentsOf({ ...read, lost: [...read.lost, ...roundings(graph)] });
}

const HALVES: ReadonlyMap<unknown, string> = new Map([
  [dataTypes.float16, 'float16'],
  [dataTypes.bfloat16, 'bfloat16'],
]);

/** Where the file rounds between its operators, which memcell does not: not where halves are only how weights are stored. */
function roundings({ input = [], node = [] }: GraphProto): string[] {
  const types = input.map(({ type }) => HALVES.get(type?.tensorType?.elemType));
  const casts = node.filter(({ opType }) => opType === 'Cast').flatMap(({ attribute = [] }) => attribute);
  const half = [...types, ...casts.map(({ i }) => HALVES.get(i))].find((name) => name !== undefined);
  return half ? [`the rounding to ${half} of what operators give: here all is computed in float32`] : [];
}

function opsetOf({ opsetImport = [] }: ModelProto, where: string): number {
  const own = opsetImport.find(({ domain = '' }) => domain === '' || domain === 'ai.onnx');
  const version = own?.version ?? 0;
  if (version >= opsets.oldest && version <= opsets.newest) return version;
  throw invalid(
    where,
    `its operators are of version ${version}; memcell knows ${opsets.oldest} to ${opsets.newest}; export it with opset_version=17`,
  );
}

/** With the batch as the input's first axis, else as its second, else with the steps last; with free steps, else with the number that the file froze. */
function readAsItGoes(graph: GraphProto, opset: number, budget: number, where: string): ReadGraph {
  let refusal: unknown;
  for (const order of ['batch first', 'steps first', 'steps last', 'one row'] as const) {
    try {
      return readGraph(graph, opset, order, budget, where);
    } catch (error) {
      if (!(error instanceof FrozenSteps)) {
        refusal ??= error;
        continue;
      }
      try {
        const read = readGraph(graph, opset, order, budget, where, error.steps);
        const line = `the number of steps is ${error.steps}, which the exporter froze in the file`;
        return { ...read, lost: [...read.lost, line] };
      } catch (still) {
        // The other order may do.
        refusal ??= still instanceof FrozenSteps ? still.reason : still;
      }
    }
  }
  throw refusal;
}
