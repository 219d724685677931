/** Files that people take for models which memcell opens and which are something else: told by their first bytes, or their name. */
import { isZip } from './zip.js';

const TORCH =
  'pickled Python, which is code and is not run; save its weights in Python with safetensors.torch.save_file(model.state_dict(), path) and read them with loadWeights, or export the model with torch.onnx.export';

export const SAVED_MODEL =
  'a SavedModel of TensorFlow; in Python, save the model of Keras that it was made of as .keras or .h5, or convert it to ONNX with tf2onnx';

export const CHECKPOINT =
  'part of a checkpoint of TensorFlow; in Python, load it into the model that it is of and save that as .keras or .h5';

const latin = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/** Names of files in a zip stand at its end. */
const LISTED = 65_536;

/** What a file is in the place of a model, and what to do; undefined for what may be one of the known formats. */
export function foreignKind(bytes: Uint8Array, where: string): string | undefined {
  if (bytes.length === 0) return 'the file is empty; save or download it again';
  const start = latin(bytes.subarray(0, 512));
  if (isZip(bytes)) return zipped(bytes);
  if (bytes[0] === 0x80 && bytes[1] >= 2 && bytes[1] <= 5) return `a file of pickle or torch.save: ${TORCH}`;
  if (start.slice(4, 8) === 'TFL3')
    return 'a model of TensorFlow Lite, which memcell does not read; save the model that it was made of as .keras, .h5 or .onnx';
  if (/\.pb$/i.test(where)) return `a graph of TensorFlow, or ${SAVED_MODEL}`;
  if (/\.pbtxt$/i.test(where)) return `a graph of TensorFlow as text, or ${SAVED_MODEL}`;
  if (start.startsWith('model_checkpoint_path:') || /(\.ckpt(-\d+)?\.meta|\.index|\.data-\d+-of-\d+)$/i.test(where))
    return CHECKPOINT;
  if (start.startsWith('\x93NUMPY')) return 'an array (.npy), not a model';
  if (start.startsWith('\x1f\x8b')) return 'compressed by gzip; unpack it first (gunzip)';
  if (start.slice(257, 262) === 'ustar') return 'a tar archive; unpack it first';
  if (start.startsWith('GGUF')) return 'a language model in GGUF, which memcell does not read';
  if (start.startsWith('version https://git-lfs'))
    return 'a pointer of Git LFS and not the file; fetch it with git lfs pull';
  if (/^\s*<(!doctype|html)/i.test(start))
    return 'a page of HTML and not the file; download the file itself (a raw link)';
  return undefined;
}

function zipped(bytes: Uint8Array): string | undefined {
  const names = new TextDecoder('latin1').decode(bytes.subarray(-LISTED));
  if (/(^|[^_/\w])config\.json/.test(names)) return undefined;
  if (/models\/model\.json|archive_version/.test(names))
    return 'a program of torch.export; export the model with torch.onnx.export';
  if (names.includes('/data.pkl')) return `a file of torch.save: ${TORCH}`;
  if (names.includes('.npy')) return 'arrays (.npz), not a model';
  return undefined;
}
