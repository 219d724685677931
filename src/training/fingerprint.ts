/** Short names of what a run was given, by which a resumed one knows that it is given the same. */
import type { NdArray } from '../data/array.js';

/**
 * 'float32 (100, 4) 1f0c66a2e81b40d7': type, shape and 64 bits of hash of an array's bytes, two lanes of multiply and rotate a word
 * (the rounds of MurmurHash3, A. Appleby, public domain). For changes by accident, not for those that are made to pass.
 */
export function fingerprintOf(array: NdArray | Float32Array): string {
  const { data, shape } = array instanceof Float32Array ? { data: array, shape: [array.length] } : array;
  const words = new Int32Array(data.buffer, data.byteOffset, data.length);
  let a = words.length;
  let b = ~words.length;
  for (let i = 0; i < words.length; i++) {
    let k = Math.imul(words[i], 0xcc9e2d51);
    k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
    a ^= k;
    a = (Math.imul((a << 13) | (a >>> 19), 5) + 0xe6546b64) | 0;
    b = (Math.imul(b ^ words[i], 0x85ebca6b) + (b >>> 16)) | 0;
  }
  const hex = (word: number) => (word >>> 0).toString(16).padStart(8, '0');
  const type = data instanceof Float32Array ? 'float32' : 'int32';
  return `${type} (${shape.join(', ')}) ${hex(a)}${hex(b)}`;
}

/** Plain JSON, of which a difference can be shown. */
export type Settings = null | boolean | number | string | undefined | Settings[] | { [name: string]: Settings };

/** 'batchSize: 16, now 32': where two descriptions differ, each place with what was and what is. */
export function differences(was: Settings, is: Settings, path = ''): string[] {
  if (isBranch(was) && isBranch(is) && Array.isArray(was) === Array.isArray(is)) {
    const keys = new Set([...Object.keys(was), ...Object.keys(is)]);
    const at = (object: object, key: string): Settings => Reflect.get(object, key);
    return [...keys].flatMap((key) => differences(at(was, key), at(is, key), path === '' ? key : `${path}.${key}`));
  }
  const [before, after] = [shown(was), shown(is)];
  return before === after ? [] : [`${path} was ${before} and is ${after}`];
}

function isBranch(value: Settings): value is Settings[] | { [name: string]: Settings } {
  return typeof value === 'object' && value !== null;
}

function shown(value: Settings): string {
  if (value === undefined) return 'not given';
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
