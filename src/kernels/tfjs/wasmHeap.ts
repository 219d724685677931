/** Tensors of TensorFlow.js's wasm backend, seen where they lie in the backend's memory. */
import * as tf from '../../tf.js';

/** What memcell uses of tfjs's BackendWasm. */
export interface WasmBackend {
  /** The memory is among the exports, or, in the build with threads for browsers, made before and imported. */
  wasm: { asm?: { memory?: WebAssembly.Memory }; wasmMemory?: WebAssembly.Memory };
  dataIdMap: { get(dataId: object): { memoryOffset: number } };
  /** Allocates, without clearing. */
  makeOutput(shape: number[], dtype: tf.DataType): tf.TensorInfo;
  disposeData(dataId: object): boolean;
}

/** The wasm backend's memory, if the backend is ready and shows it. */
export function wasmMemory(): WebAssembly.Memory | undefined {
  const backend: object | undefined = tf.engine().registry.wasm;
  return backend && 'wasm' in backend ? memoryOf(backend as WasmBackend) : undefined;
}

function memoryOf({ wasm }: WasmBackend): WebAssembly.Memory | undefined {
  return wasm.asm?.memory ?? wasm.wasmMemory;
}

/** One kernel's dealings with the backend's memory. Views are made anew each time: an allocation may grow the memory. */
export class WasmHeap {
  readonly memory: WebAssembly.Memory;
  private readonly backend: WasmBackend;

  constructor(backend: object) {
    this.backend = backend as WasmBackend;
    this.memory = memoryOf(this.backend)!;
  }

  /** A tensor of undefined content. */
  allocate(shape: number[], dtype: tf.DataType = 'float32'): tf.TensorInfo {
    return this.backend.makeOutput(shape, dtype);
  }

  free(tensor: tf.TensorInfo): void {
    this.backend.disposeData(tensor.dataId);
  }

  /** Byte address; 0 stands for a tensor that is not there. A tensor of another backend moves here first. */
  address(tensor: tf.TensorInfo | undefined): number {
    return tensor ? this.backend.dataIdMap.get(tensor.dataId).memoryOffset : 0;
  }

  floats(tensor: tf.TensorInfo): Float32Array {
    const address = this.address(tensor);
    return new Float32Array(this.memory.buffer, address, tf.util.sizeFromShape(tensor.shape));
  }

  integers(tensor: tf.TensorInfo): Int32Array {
    const address = this.address(tensor);
    return new Int32Array(this.memory.buffer, address, tf.util.sizeFromShape(tensor.shape));
  }

  /** Of a bool tensor. */
  bytes(tensor: tf.TensorInfo): Uint8Array {
    const address = this.address(tensor);
    return new Uint8Array(this.memory.buffer, address, tf.util.sizeFromShape(tensor.shape));
  }
}
