/** The file formats of whole models: a line each. */
import { h5File } from './keras/h5File.js';
import { kerasFile } from './keras/kerasFile.js';
import type { ModelFile } from './modelFile.js';
import { onnxFile } from './onnx/onnxFile.js';
import { safetensorsFile } from './torch/safetensorsFile.js';

export const modelFiles: readonly ModelFile[] = [kerasFile, h5File, onnxFile, safetensorsFile];
