import { type ModelFile, WEIGHTS_ALONE } from '../modelFile.js';
import { invalid } from '../modelJson.js';
import { isSafetensors, readSafetensors } from './safetensors.js';
import { torchWeights } from './torchWeights.js';

/** `.safetensors`: weights of a PyTorch model, for a model that is built already. */
export const safetensorsFile: ModelFile = {
  name: 'safetensors',
  endings: ['.safetensors'],
  recognises: isSafetensors,
  async read(_, where) {
    throw invalid(where, WEIGHTS_ALONE);
  },
  hasWeightsAlone: async () => true,
  async readWeights(bytes, topology, where) {
    return torchWeights(readSafetensors(bytes, where), topology, where);
  },
};
