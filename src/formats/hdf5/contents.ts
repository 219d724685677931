/** What an HDF5 file holds, as far as models use it. Paths have no slash at their ends; '' is the root. */
export interface Hdf5Contents {
  /** Of groups; other values than these are left out. */
  attributes: Map<string, Map<string, Hdf5Attribute>>;
  datasets: Map<string, Hdf5Dataset>;
}

export type Hdf5Attribute = string | number | string[];

export interface Hdf5Dataset {
  shape: number[];
  /** int64 for counters alone; it is exact up to 2^53. */
  type: 'float32' | 'int32' | 'int64';
  data: Float32Array | Int32Array | Float64Array;
}

export function attributeOf(contents: Hdf5Contents, path: string, name: string): Hdf5Attribute | undefined {
  return contents.attributes.get(path)?.get(name);
}
