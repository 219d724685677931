import { elements } from '../data/array.js';
import { MemcellError, modelError, usageError } from '../errors.js';
import { isRecord } from '../fields.js';
import { prepareEngine } from '../kernels/backend.js';
import { shown, snakeCase } from '../spelling.js';
import * as tf from '../tf.js';
import type { LayersModel } from '../tfjsTypes.js';
import type { Optimizer } from '../training/optimizers.js';
import { sha256 } from './checksum.js';
import { type Beside, fittingState } from './contents.js';
import { decodeEntries, firstNotFinite, type WeightData } from './decode.js';
import { normalTopology } from './keras/topology.js';
import { optimizerOfDescription, optimizerStateFrom, trainingFrom } from './keras/training.js';
import { isFolder, type ModelLocation } from './location.js';
import type { ModelContents } from './modelFile.js';
import {
  checkFormat,
  invalid,
  isJsonObject,
  isNestedDeeper,
  metadataVersion,
  mostNesting,
  parseMetadata,
  parseWeightSpecs,
  type StoredModel,
  trainingOf,
} from './modelJson.js';
import { buildTopology } from './topology.js';
import { assignWeights, namesOf } from './weights.js';

export interface LoadedModel {
  model: LayersModel;
  /** What `saveTfjs` was given, compile's options under `training`; empty for a model that memcell did not save. */
  metadata: Record<string, unknown>;
  /** What compile was given, where the file says it in Keras's words. */
  training?: ModelContents['training'];
  /** The optimizer's slots in the order of the model's trainable weights. */
  optimizerState?: ModelContents['optimizerState'];
  /** What the file had and the model has not, a line each. */
  lost: string[];
}

/**
 * Saves a model in the tfjs LayersModel format: model.json and weights.bin, which stock tfjs loads. `metadata` and `training`
 * (plain JSON) go to `userDefinedMetadata.memcell` with a version number; other user-defined metadata of the model is kept. The
 * optimizer's state is in the manifest as group 'optimizer', which stock tfjs passes over.
 * A folder is replaced atomically: a crash at any moment leaves the old model or the new one, whole.
 * @throws MemcellError 'io' when it cannot be written, 'numeric' when a weight is not finite; the old model is still there
 */
export async function saveTfjs(
  model: LayersModel,
  to: ModelLocation,
  metadata: object,
  compiled: Omit<Beside, 'metadata'> = {},
): Promise<void> {
  checkLocation(to, 'a model is saved to');
  const artifacts = await modelArtifacts(model, { metadata, ...compiled });
  if (typeof to !== 'string') {
    if (typeof to.save !== 'function') throw usageError('save: this IOHandler only loads');
    await to.save(artifacts);
  } else if (isFolder(to)) {
    const { modelFolder, writeModel } = await import('./folder.js');
    const { weightData, weightSpecs, ...rest } = artifacts;
    const weights = tf.io.CompositeArrayBuffer.join(weightData);
    const group = { paths: ['weights.bin'], weights: weightSpecs, sha256: await sha256(weights) };
    const { modelTopology, format, generatedBy, convertedBy, userDefinedMetadata } = rest;
    const json = { modelTopology, format, generatedBy, convertedBy, weightsManifest: [group], userDefinedMetadata };
    await writeModel(modelFolder(to), JSON.stringify(json), weights);
  } else {
    const [handler] = tf.io.getSaveHandlers(to);
    if (!handler?.save) throw usageError(`${to}: nothing here can save to this kind of address`);
    await handler.save(artifacts);
  }
}

/**
 * Loads from a handler of TensorFlow.js, or from an address of a scheme that it has one for.
 * @throws MemcellError 'usage' for what is none, 'model' for what is wrong with the model
 */
export async function loadHandled(from: ModelLocation): Promise<LoadedModel> {
  checkLocation(from, 'a model is loaded from');
  await prepareEngine();
  if (typeof from !== 'string') return fromHandler(from, 'model');
  const [handler] = tf.io.getLoadHandlers(from);
  if (handler) return fromHandler(handler as tf.io.IOHandler, from);
  throw usageError(`${from}: nothing here can load from this kind of address`);
}

function checkLocation(where: unknown, what: string): void {
  if (typeof where === 'string' ? where !== '' : isRecord(where)) return;
  throw usageError(`${what} a folder, a file, an address or an IOHandler, not ${shown(where)}`);
}

async function modelArtifacts(
  model: LayersModel,
  { metadata, training, optimizer }: Omit<Beside, 'metadata'> & { metadata: object },
) {
  let artifacts: tf.io.ModelArtifacts | undefined;
  const keep = tf.io.withSaveHandler(async (made) => {
    artifacts = made;
    return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(made) };
  });
  for (const weight of model.weights) {
    const index = firstNotFinite(await weight.read().data());
    if (index === -1) continue;
    throw new MemcellError(`weight ${weight.originalName} is not finite at element ${index}; the model is not saved`, {
      code: 'numeric',
    });
  }
  if (isNestedDeeper(metadata, mostNesting - 2)) {
    throw usageError('the metadata is nested too deeply, or in a circle; the model is not saved');
  }
  await model.save(keep);
  const { weightData, weightSpecs } = artifacts ?? {};
  if (!weightData || !weightSpecs) throw modelError('this model has no weights to save');
  const memcell = Object.assign({ version: 0 }, metadata, training && { training }, { version: metadataVersion });
  const state = training && optimizer ? stateEntries(model, optimizer) : [];
  const names = namesOf(model, model.weights);
  const named = weightSpecs.map((spec, i) => ({ ...spec, name: names[i] }));
  return {
    ...artifacts,
    weightData: [weightData, ...state.map(({ data }) => data.slice().buffer)].flat(),
    weightSpecs: [...named, ...state.map(({ data: _, ...spec }) => spec)],
    userDefinedMetadata: { ...artifacts?.userDefinedMetadata, memcell },
  };
}

interface StateEntry extends tf.io.WeightsManifestEntry {
  data: Float32Array | Int32Array;
}

/** The optimizer's steps so far, and a weight's slots as 'optimizer/lstm/kernel/velocity'. */
function stateEntries(model: tf.LayersModel, optimizer: Optimizer): StateEntry[] {
  const { iterations, slotNames } = optimizer;
  if (iterations === 0) return [];
  const own = namesOf(model, model.trainableWeights);
  const names = model.trainableWeights.flatMap(({ shape }, i) =>
    slotNames.map((slot) => ({ name: `optimizer/${own[i]}/${snakeCase(slot)}`, shape: shape.map(Number) })),
  );
  const arrays = optimizer.state();
  if (arrays.length !== names.length) return [];
  const count = { name: 'optimizer/iterations', shape: [], dtype: 'int32' as const, data: Int32Array.of(iterations) };
  const slots = names.map((named, i) => ({ ...named, dtype: 'float32' as const, data: arrays[i] }));
  return [count, ...slots].map((entry) => ({ ...entry, group: 'optimizer' as const }));
}

async function fromHandler(handler: tf.io.IOHandler, where: string): Promise<LoadedModel> {
  if (typeof handler.load !== 'function') throw usageError('load: this IOHandler only saves');
  const { format, modelTopology, weightSpecs, weightData, userDefinedMetadata, trainingConfig } = await handler.load();
  checkFormat(format, where);
  if (!isJsonObject(modelTopology)) throw invalid(where, 'modelTopology is missing or not an object');
  if (!weightData) throw invalid(where, 'weightData is missing');
  const group = parseWeightSpecs(weightSpecs, where);
  const data = tf.io.CompositeArrayBuffer.join(weightData);
  if (data.byteLength !== group.bytes) {
    throw invalid(where, `weightData has ${data.byteLength} bytes, but weightSpecs describes ${group.bytes}`);
  }
  const json = {
    topology: modelTopology,
    groups: [group],
    training: trainingOf(modelTopology, trainingConfig),
    userDefinedMetadata: parseMetadata(userDefinedMetadata, where),
  };
  return modelOfStored({ json, where, data: [data] });
}

/**
 * A model of what `saveTfjs` or stock tfjs saved (several shards and quantised weights too), every field and every size checked
 * against the files before it is used.
 * @throws MemcellError 'model' that names the file and what is wrong with it
 */
export async function modelOfStored({ json, where, data }: StoredModel): Promise<LoadedModel> {
  const groups = json.groups.map((group, i) => ({ group, data: data[i] }));
  const own = json.groups.flatMap(({ weights }) => weights.filter(({ group }) => group !== 'optimizer'));
  const { topology, lost } = normalTopology(json.topology, where);
  const training = trainingFrom(json.training, lost);
  const model = await buildTopology(
    topology,
    own.reduce((sum, weight) => sum + weight.elements, 0),
    where,
  );
  try {
    assignWeights(model, groups, where);
  } catch (error) {
    model.dispose();
    throw error;
  }
  const { memcell, ...others } = json.userDefinedMetadata;
  if (Object.keys(others).length > 0) model.setUserDefinedMetadata(others as { [key: string]: object });
  const { version, ...metadata } = isRecord(memcell) ? memcell : { version: metadataVersion };
  const optimizer = optimizerOfDescription(metadata.training) ?? training?.optimizer;
  const stored = optimizer && stateOf(optimizer, model, groups, lost);
  const optimizerState = stored && optimizer && asSteps(stored, optimizer, json.training);
  return { model, metadata, lost, ...(training && { training }), ...(optimizerState && { optimizerState }) };
}

/** What tfjs's optimizer, or memcell's, had when it was saved. */
function stateOf(
  optimizer: NonNullable<NonNullable<ModelContents['training']>['optimizer']>,
  model: tf.LayersModel,
  groups: readonly WeightData[],
  lost: string[],
): ModelContents['optimizerState'] {
  const variables = decodeEntries(groups, 'optimizer').map(({ name, shape, data }) => ({
    name,
    shape,
    data,
    isCount: /(^|\/)iter(ations?)?$/.test(name),
  }));
  const scalars = model.trainableWeights.some(({ shape }) => shape.length === 0);
  const state = optimizerStateFrom(optimizer, variables, lost, scalars);
  const sizes = model.trainableWeights.map(({ shape }) => elements(shape.map(Number)));
  return state && fittingState(state, sizes, lost);
}

type Optimized = NonNullable<NonNullable<ModelContents['training']>['optimizer']>;

/** The state of tfjs's Momentum, m ← μ·m + g, as that of Keras's SGD, v ← μ·v − rate·g: v = −rate·m. */
function asSteps(
  state: NonNullable<ModelContents['optimizerState']>,
  { config }: Optimized,
  training: StoredModel['json']['training'],
): ModelContents['optimizerState'] {
  const written = isRecord(training) ? training.optimizer_config : undefined;
  if (!isRecord(written) || written.class_name !== 'Momentum') return state;
  const rate = Number(config.learning_rate);
  const slots = Object.entries(state.slots).map(([slot, arrays]): [string, Float32Array[]] => [
    slot,
    arrays.map((array) => array.map((value) => -rate * value)),
  ]);
  return { ...state, slots: Object.fromEntries(slots) };
}
