import { type MemcellError, usageError } from '../../errors.js';

/** What an ONNX file cannot hold, as an error that names the layer. */
export function refused(what: string, why: string): MemcellError {
  return usageError(`ONNX: ${what} cannot be written: ${why}; save the model to a folder instead`);
}
