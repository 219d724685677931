import { elements } from '../../data/array.js';
import { floatOfBfloat16, floatOfHalf } from '../halves.js';
import { invalid } from '../modelJson.js';
import { dataTypes, type TensorProto } from './proto.js';

/** Numbers of a file or folded from them. `integer`: from one of ONNX's integer types. */
export interface Constant {
  kind: 'constant';
  shape: number[];
  integer: boolean;
  /** Undefined where all elements are `fill`: nothing is allocated for those. */
  data?: Float32Array | Float64Array;
  fill: number;
  /** Of a matrix that is one number on and below its diagonal and one above it, in place of its elements. */
  triangle?: { below: number; above: number };
}

/** Whether all elements are `value`. */
export function isAll({ data, fill }: Constant, value: number): boolean {
  return data ? data.every((one) => one === value) : fill === value;
}

const bytesOf: Record<number, number> = {
  [dataTypes.float]: 4,
  [dataTypes.int32]: 4,
  [dataTypes.int64]: 8,
  [dataTypes.bool]: 1,
  [dataTypes.float16]: 2,
  [dataTypes.double]: 8,
  [dataTypes.bfloat16]: 2,
};

/**
 * A tensor of the file, its shape checked against the bytes that are there.
 * @throws MemcellError 'model'
 */
export function readTensor(tensor: TensorProto, where: string): Constant {
  const { dims = [], dataType = 0, externalData = [], dataLocation = 0 } = tensor;
  const what = `${where}: tensor ${JSON.stringify(tensor.name ?? '')}`;
  if (externalData.length > 0 || dataLocation !== 0) {
    throw invalid(
      what,
      'its numbers are in another file (external data); save the model as one file (PyTorch: external_data=False; else onnx.save(onnx.load(path), path))',
    );
  }
  const size = bytesOf[dataType];
  if (size === undefined)
    throw invalid(what, `data type ${dataType}; memcell reads float, half, int32, int64 and bool`);
  if (dims.length > 8 || !dims.every((dim) => Number.isSafeInteger(dim) && dim >= 0)) {
    throw invalid(what, `shape [${dims.slice(0, 9)}] is not a list of at most 8 whole numbers`);
  }
  const count = elements(dims);
  const integer = dataType === dataTypes.int32 || dataType === dataTypes.int64 || dataType === dataTypes.bool;
  const raw = tensor.rawData;
  const given = raw ? raw.byteLength / size : typedData(tensor).length;
  if (given !== count) throw invalid(what, `shape [${dims}] is ${count} numbers, but ${given} are there`);
  const data = raw ? rawNumbers(raw, dataType, count) : listed(tensor, integer);
  return { kind: 'constant', shape: dims, integer, data, fill: 0 };
}

function typedData({ dataType, floatData = [], int32Data = [], int64Data = [], doubleData = [] }: TensorProto) {
  if (dataType === dataTypes.float) return floatData;
  if (dataType === dataTypes.double) return doubleData;
  return dataType === dataTypes.int64 ? int64Data : int32Data;
}

function listed(tensor: TensorProto, integer: boolean): Float32Array | Float64Array {
  const values = typedData(tensor);
  // Halves stand in int32_data as their bits.
  if (tensor.dataType === dataTypes.float16) return Float32Array.from(values, floatOfHalf);
  if (tensor.dataType === dataTypes.bfloat16) return Float32Array.from(values, floatOfBfloat16);
  return integer ? Float64Array.from(values) : Float32Array.from(values);
}

function rawNumbers(raw: Uint8Array, dataType: number, count: number): Float32Array | Float64Array {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const readers: Record<number, (index: number) => number> = {
    [dataTypes.float]: (index) => view.getFloat32(4 * index, true),
    [dataTypes.double]: (index) => view.getFloat64(8 * index, true),
    [dataTypes.int32]: (index) => view.getInt32(4 * index, true),
    [dataTypes.int64]: (index) => Number(view.getBigInt64(8 * index, true)),
    [dataTypes.bool]: (index) => raw[index],
    [dataTypes.float16]: (index) => floatOfHalf(view.getUint16(2 * index, true)),
    [dataTypes.bfloat16]: (index) => floatOfBfloat16(view.getUint16(2 * index, true)),
  };
  const exact = dataType === dataTypes.int32 || dataType === dataTypes.int64;
  const data = exact ? new Float64Array(count) : new Float32Array(count);
  const read = readers[dataType];
  for (let index = 0; index < count; index++) data[index] = read(index);
  return data;
}

/** A float tensor as it is written. */
export function floatTensor(name: string, shape: number[], data: ArrayLike<number>): TensorProto {
  const rawData = new Uint8Array(4 * data.length);
  const view = new DataView(rawData.buffer);
  for (let index = 0; index < data.length; index++) view.setFloat32(4 * index, data[index], true);
  return { name, dims: shape, dataType: dataTypes.float, rawData };
}

/** A list of whole numbers, or one number without `shape`'s axis, as it is written. */
export function intTensor(name: string, shape: number[], data: readonly number[]): TensorProto {
  const rawData = new Uint8Array(8 * data.length);
  const view = new DataView(rawData.buffer);
  for (const [index, value] of data.entries()) view.setBigInt64(8 * index, BigInt(value), true);
  return { name, dims: shape, dataType: dataTypes.int64, rawData };
}
