import type { ModelFile } from '../modelFile.js';

/** The numbers of the fields that may follow the version at the beginning of a file. */
const second = new Set([2, 3, 4, 5, 6, 7, 8]);

/** ONNX: one file for other runtimes. What reads and writes it, and protobuf's library, is loaded when it is first needed. */
export const onnxFile: ModelFile = {
  name: 'onnx',
  endings: ['.onnx'],
  /** A message of protobuf of which the first field, ir_version, is a small number: ONNX has no mark of its own. */
  recognises: ([key, version, next]) => key === 0x08 && version >= 1 && version < 64 && second.has(next >> 3),
  async read(bytes, where) {
    const { readOnnx } = await import('./read.js');
    return readOnnx(bytes, where);
  },
  async write(contents) {
    const { writeOnnx } = await import('./write.js');
    return writeOnnx(contents);
  },
};
