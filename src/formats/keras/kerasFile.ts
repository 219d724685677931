/** `.keras`: Keras 3's zip of config.json, metadata.json and model.weights.h5. */
import { readHdf5File } from '../hdf5/hdf5.js';
import { weightsInflation } from '../inflation.js';
import type { ModelContents, ModelFile } from '../modelFile.js';
import { invalid, isJsonObject, type Json, parseJsonText, parseMetadata } from '../modelJson.js';
import { isZip, readZip } from '../zip.js';
import { withoutCells } from './cellLayers.js';
import { withFittingNames } from './layerNames.js';
import { layersOf } from './layerTree.js';
import { modernWeights } from './olderWeights.js';
import { normalTopology } from './topology.js';
import { OWN_COMPILE, optimizerStateFrom, trainingFrom } from './training.js';
import { weightsInGroups } from './weightGroups.js';

/** The most bytes of an archive's files together: 2^30 weights and as much again, as the other formats have it. */
const MOST_BYTES = 2 ** 33;

export const kerasFile: ModelFile = {
  name: 'keras',
  endings: ['.keras'],
  recognises: isZip,
  read,
  async write(contents) {
    const { writeKeras } = await import('./write.js');
    return writeKeras(contents);
  },
};

async function read(bytes: Uint8Array, where: string): Promise<ModelContents> {
  const { most, remedy } = weightsInflation(bytes.length);
  const files = await readZip(bytes, { most: Math.min(MOST_BYTES, most), remedy }, where);
  const config = parseJson(files, 'config.json', where);
  const {
    memcell,
    keras_version: version,
    [OWN_COMPILE]: own,
  } = files.has('metadata.json') ? parseJson(files, 'metadata.json', where) : {};
  const weights = files.get('model.weights.h5');
  if (!weights) throw invalid(where, 'there is no model.weights.h5 in it');
  const { topology, lost } = normalTopology(config, `${where}: config.json`, String(version ?? '3.0.0'));
  const place = `${where}: model.weights.h5`;
  const { datasets } = await readHdf5File(weights, place);
  const stored = modernWeights(weightsInGroups(datasets, layersOf(topology), place));
  const training = trainingFrom(own ?? config.compile_config, lost);
  const variables = [...datasets]
    .flatMap(([path, dataset]) => {
      const index = path.match(/^optimizer[\\/]vars[\\/](\d+)$/)?.[1];
      return index === undefined ? [] : [{ index: Number(index), ...dataset, isCount: dataset.type !== 'float32' }];
    })
    .sort((a, b) => a.index - b.index);
  const optimizerState =
    training?.optimizer && optimizerStateFrom(training.optimizer, variables, lost, hasScalars(stored));
  return withFittingNames({
    topology: withoutCells(topology),
    weights: stored,
    ...(training && { training }),
    ...(optimizerState && { optimizerState }),
    metadata: memcellOf(memcell, where),
    lost,
  });
}

/** Whether weights are numbers of no axis, as an Attention's factor is. */
export function hasScalars(weights: readonly { shape: readonly number[] }[]): boolean {
  return weights.some(({ shape }) => shape.length === 0);
}

/** What memcell keeps of its own in a file. */
export function memcellOf(memcell: Json | undefined, where: string): Record<string, unknown> {
  if (memcell === undefined || memcell === null) return {};
  parseMetadata({ memcell }, where);
  const { version: _, ...metadata } = isJsonObject(memcell) ? memcell : {};
  return metadata;
}

function parseJson(files: ReadonlyMap<string, Uint8Array>, name: string, where: string): { [key: string]: Json } {
  const bytes = files.get(name);
  if (!bytes) throw invalid(where, `a zip archive without ${name}, so no .keras file`);
  return parseJsonText(new TextDecoder().decode(bytes), `${where}: ${name}`);
}
