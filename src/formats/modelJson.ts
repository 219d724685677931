import { elements } from '../data/array.js';
import { MemcellError } from '../errors.js';
import { isRecord } from '../fields.js';

/** What Keras's `max_shard_size` makes in the place of one file of weights. */
export const SHARDED =
  'a list of the files that weights are spread over; save them as one file, in Python without max_shard_size';

/** One weight of a manifest, checked: `shape` of positive sizes, `bytes` as stored (after quantisation). */
export interface WeightEntry {
  name: string;
  shape: number[];
  dtype: 'float32' | 'int32' | 'bool';
  /** What tfjs's quantisation stored: value = stored · scale + min; float16 needs neither. */
  quantization?: { dtype: 'uint8' | 'uint16' | 'float16'; scale?: number; min?: number };
  /** 'optimizer' marks the state of an optimizer, stock tfjs's or memcell's. */
  group?: 'model' | 'optimizer';
  elements: number;
  bytes: number;
}

/** Weights that lie one after the other in the files `paths`, joined; `sha256` of those bytes is there when memcell saved them. */
export interface WeightGroup {
  paths: string[];
  weights: WeightEntry[];
  bytes: number;
  sha256?: string;
}

/** A value that came out of JSON.parse. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What a model.json holds, checked against itself, not yet against its weights. */
export interface ModelJson {
  topology: { [key: string]: Json };
  groups: WeightGroup[];
  /** What tfjs or Keras's converter keeps of compile's options. */
  training?: Json;
  userDefinedMetadata: Record<string, unknown>;
}

/** A model as it was read: `data` has the bytes of each of `json.groups`. */
export interface StoredModel {
  json: ModelJson;
  /** The model.json, for errors. */
  where: string;
  data: ArrayBuffer[];
}

/** A larger model.json is refused; a vocabulary and a long history take well under a megabyte. */
export const mostJsonBytes = 2 ** 26;

/** The version of `userDefinedMetadata.memcell` that this memcell writes, and the newest that it reads. */
export const metadataVersion = 1;

const bytesPerElement = { float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2 };

/** More elements than this in one model is taken for a mistake: 2^30 float32 are 4 GiB, the most that WebAssembly addresses. */
const mostElements = 2 ** 30;

/**
 * Deeper nesting than this is no model: a Bidirectional inside a TimeDistributed inside a model is a depth of about 12. What
 * goes through such a value may call itself for each level.
 */
export const mostNesting = 100;

/** Whether lists and objects lie in each other at more levels than `most`. Without recursion: levels may be any number. */
export function isNestedDeeper(value: unknown, most: number): boolean {
  let level = new Set<object>(typeof value === 'object' && value !== null ? [value] : []);
  for (let depth = 1; level.size > 0; depth++) {
    if (depth > most) return true;
    const next = new Set<object>();
    for (const outer of level) {
      for (const inner of Object.values(outer)) if (typeof inner === 'object' && inner !== null) next.add(inner);
    }
    level = next;
  }
  return false;
}

/** For what came out of JSON.parse: whether it is an object. */
export function isJsonObject(value: unknown): value is { [key: string]: Json } {
  return isRecord(value);
}

/** @throws MemcellError 'model': not an object of JSON, too long, nested too deeply */
export function parseJsonText(text: string, where: string): { [key: string]: Json } {
  if (text.length > mostJsonBytes) throw invalid(where, `${text.length} characters, more than any model's`);
  let value: unknown;
  try {
    // Some editors begin a file with a mark of its byte order.
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw invalid(where, `not JSON: ${reasonOf(cause)}`, cause);
  }
  if (isNestedDeeper(value, mostNesting)) throw invalid(where, 'nested too deeply');
  if (!isJsonObject(value)) throw invalid(where, 'not a JSON object');
  return value;
}

/**
 * Reads the text of a model.json in the tfjs LayersModel format.
 * @param where the file's name, for errors
 * @throws MemcellError 'model': not JSON, another format, or a field that cannot be true
 */
export function parseModelJson(text: string, where: string): ModelJson {
  const json = parseJsonText(text, where);
  checkFormat(json.format, where);
  if (isJsonObject(json.weight_map)) throw invalid(where, SHARDED);
  if (!isJsonObject(json.modelTopology)) throw invalid(where, 'modelTopology is missing or not an object');
  if (!Array.isArray(json.weightsManifest)) throw invalid(where, 'weightsManifest is missing or not a list');
  const groups = json.weightsManifest.map((group, index) => parseGroup(group, `${where}: weightsManifest[${index}]`));
  checkNames(groups, where);
  const training = trainingOf(json.modelTopology, json.trainingConfig);
  return {
    topology: json.modelTopology,
    groups,
    training,
    userDefinedMetadata: parseMetadata(json.userDefinedMetadata, where),
  };
}

/** compile's options: beside the topology as tfjs saves them, or in it as Keras's converter does. */
export function trainingOf(topology: { [key: string]: Json }, beside: unknown): Json | undefined {
  if (isJsonObject(beside)) return beside;
  return isJsonObject(topology.training_config) ? topology.training_config : undefined;
}

/** The same checks for a weight list that comes without files, as a tfjs IOHandler gives it. */
export function parseWeightSpecs(specs: unknown, where: string): WeightGroup {
  if (!Array.isArray(specs)) throw invalid(where, 'weightSpecs is missing or not a list');
  const weights = specs.map((entry, index) => parseEntry(entry, `${where}: weightSpecs[${index}]`));
  const group = { paths: [], weights, bytes: weights.reduce((sum, weight) => sum + weight.bytes, 0) };
  checkNames([group], where);
  return group;
}

export function checkFormat(format: unknown, where: string): void {
  // tfjs before 1.1 and its converter before 1.0 wrote none.
  if (format === 'layers-model' || format === undefined || format === null) return;
  if (format === 'graph-model') {
    throw invalid(where, "a tfjs GraphModel; memcell reads layers models (format 'layers-model')");
  }
  throw invalid(where, `format is ${JSON.stringify(format)}, not 'layers-model'`);
}

/** Checks `userDefinedMetadata`: absent, or an object whose `memcell` is absent or of a version that this memcell knows. */
export function parseMetadata(metadata: unknown, where: string): Record<string, unknown> {
  if (metadata === undefined || metadata === null) return {};
  if (!isRecord(metadata)) throw invalid(where, 'userDefinedMetadata is not an object');
  const own = metadata.memcell;
  if (own === undefined) return metadata;
  if (!isRecord(own)) throw invalid(where, 'userDefinedMetadata.memcell is not an object');
  if (typeof own.version !== 'number' || !Number.isInteger(own.version) || own.version < 1) {
    throw invalid(where, `userDefinedMetadata.memcell.version is ${JSON.stringify(own.version) ?? 'missing'}`);
  }
  if (own.version > metadataVersion) {
    throw invalid(where, `saved by a newer memcell (metadata version ${own.version}); update memcell to load it`);
  }
  return metadata;
}

function parseGroup(group: unknown, where: string): WeightGroup {
  if (!isRecord(group)) throw invalid(where, 'not an object');
  const { paths, weights, sha256 } = group;
  if (!Array.isArray(weights)) throw invalid(where, 'weights is missing or not a list');
  // The first converters gave each layer a group, one without weights too.
  if (!Array.isArray(paths) || (paths.length === 0 && weights.length > 0)) {
    throw invalid(where, 'paths is missing or empty');
  }
  if (sha256 !== undefined && (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256))) {
    throw invalid(where, 'sha256 is not 64 hexadecimal digits');
  }
  const entries = weights.map((entry, index) => parseEntry(entry, `${where}.weights[${index}]`));
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  return { paths: paths.map((path) => parsePath(path, where)), weights: entries, bytes, sha256 };
}

/**
 * A path below the model's folder: relative, forward slashes, no `..`, and nothing that means something else in a URL (`%2e%2e`
 * is `..` there). A leading `./`, which tfjs writes in browsers, is dropped.
 */
function parsePath(path: unknown, where: string): string {
  if (typeof path !== 'string' || path === '' || path.length > LONGEST_PATH)
    throw invalid(where, `path ${JSON.stringify(path)} is not a file name`);
  const parts = path.replace(/^(\.\/)+/, '').split('/');
  const escapes = /[\\:\0%?#]/.test(path) || parts.some((part) => part === '' || part === '.' || part === '..');
  if (escapes) throw invalid(where, `path ${JSON.stringify(path)} does not stay inside the model's folder`);
  return parts.join('/');
}

function parseEntry(entry: unknown, where: string): WeightEntry {
  if (!isRecord(entry)) throw invalid(where, 'not an object');
  const { name, shape, dtype, group } = entry;
  if (typeof name !== 'string' || name === '') throw invalid(where, 'name is missing');
  const what = `${where} (${JSON.stringify(name)})`;
  if (!Array.isArray(shape) || !shape.every((size) => Number.isInteger(size) && size > 0)) {
    throw invalid(what, `shape ${JSON.stringify(shape) ?? 'missing'} is not a list of positive whole numbers`);
  }
  if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool') {
    throw invalid(what, `dtype ${JSON.stringify(dtype) ?? 'missing'}; a weight is float32, int32 or bool`);
  }
  if (group !== undefined && group !== 'model' && group !== 'optimizer') {
    throw invalid(what, `group ${JSON.stringify(group)}; known are 'model' and 'optimizer'`);
  }
  const count = elements(shape);
  if (count > mostElements) throw invalid(what, `shape [${shape}] is ${count} elements; the most is 2^30`);
  const quantization = parseQuantization(entry.quantization, dtype, what);
  const bytes = count * bytesPerElement[quantization?.dtype ?? dtype];
  return { name, shape, dtype, ...(quantization && { quantization }), ...(group && { group }), elements: count, bytes };
}

function parseQuantization(value: unknown, dtype: WeightEntry['dtype'], where: string): WeightEntry['quantization'] {
  if (value === undefined || value === null) return undefined;
  if (!isRecord(value)) throw invalid(where, 'quantization is not an object');
  const { dtype: stored, scale, min } = value;
  if (stored === 'float16' && dtype === 'float32') return { dtype: stored };
  if ((stored !== 'uint8' && stored !== 'uint16') || dtype === 'bool') {
    throw invalid(where, `quantization of ${dtype} as ${JSON.stringify(stored)}; known are uint8, uint16 and float16`);
  }
  if (typeof scale !== 'number' || typeof min !== 'number') {
    throw invalid(where, `quantization as ${stored} needs the numbers scale and min`);
  }
  return { dtype: stored, scale, min };
}

function checkNames(groups: WeightGroup[], where: string): void {
  const names = new Set<string>();
  let total = 0;
  for (const { name, elements } of groups.flatMap((group) => group.weights)) {
    if (names.has(name)) throw invalid(where, `weight ${JSON.stringify(name)} is listed twice`);
    names.add(name);
    total += elements;
  }
  if (total > mostElements) throw invalid(where, `${total} weight elements; the most is 2^30`);
}

/** No disk has longer ones. */
const LONGEST_PATH = 4096;

/** A longer word is a file's own, and of any length. */
const LONGEST_WORD = 200;

/** A MemcellError of code 'model': `where: what`, a word of a file that is very long cut off. */
export function invalid(where: string, what: string, cause?: unknown): MemcellError {
  const shown = what.replace(/\S+/g, (word) => (word.length > LONGEST_WORD ? `${word.slice(0, 80)}…` : word));
  return new MemcellError(`${where}: ${shown}`, { code: 'model', cause });
}

/** An object of a class that nothing here makes: `owner` is the layer's name, where it has one. */
export function unknownClass(where: string, className: string, owner?: string): MemcellError {
  const layer = owner === undefined ? '' : `layer ${JSON.stringify(owner)}: `;
  return invalid(
    where,
    `${layer}unknown class ${JSON.stringify(className)}; nothing here runs it; build the model without it, or of layers that are known (docs/keras.md)`,
  );
}

/** The message of whatever was thrown, on one line. */
export function reasonOf(cause: unknown): string {
  const message = typeof cause === 'object' && cause !== null && 'message' in cause ? cause.message : cause;
  return String(message).replace(/\s+/g, ' ');
}
