/** Damage at random: to bytes, near what a format looks for, to what a format's own fields say, and to what JSON or a decoded message holds. */
import { deflateRawSync } from 'node:zlib';
import type { Random } from '../src/random.js';

/** Bytes with some changed, copied over others, cut out, put in, or without their end. */
export function damagedBytes(bytes: Uint8Array, random: Random): Uint8Array {
  const made = [...bytes];
  for (let change = 0; change <= random.integer(4) && made.length > 0; change++) {
    const at = random.integer(made.length);
    const kind = random.integer(7);
    if (kind === 0) made[at] = random.integer(256);
    else if (kind === 1) made[at] ^= 1 << random.integer(8);
    else if (kind === 2) made.splice(at, 1 + random.integer(20));
    else if (kind === 3) made.splice(at, 0, ...Array.from({ length: 1 + random.integer(9) }, () => edge(random)));
    else if (kind === 4) made.copyWithin(at, random.integer(made.length), random.integer(made.length));
    else if (kind === 5) for (let i = 0; i < 8 && at + i < made.length; i++) made[at + i] = edge(random);
    else if (random.integer(8) === 0) made.length = at;
  }
  return Uint8Array.from(made);
}

function edge(random: Random): number {
  return [0, 1, 0x7f, 0x80, 0xff, random.integer(256)][random.integer(6)];
}

/** Bytes with some changed within a distance of one of the words: where a format has its counts, sizes and addresses. */
export function damagedNear(bytes: Uint8Array, words: readonly string[], distance: number, random: Random): Uint8Array {
  const made = bytes.slice();
  const places = words.flatMap((word) => placesOf(made, word));
  if (places.length === 0) return damagedBytes(bytes, random);
  for (let change = 0; change <= random.integer(3); change++) {
    const at = places[random.integer(places.length)] + random.integer(distance) - 16;
    const aligned = random.integer(2) === 0 ? at - (at % 8) : at;
    if (aligned < 0 || aligned >= made.length) continue;
    const kind = random.integer(4);
    if (kind === 0) made[aligned] = random.integer(256);
    else if (kind === 1) made[aligned] ^= 1 << random.integer(8);
    else if (kind === 2) made.fill(edge(random), aligned, aligned + 1 + random.integer(8));
    else if (aligned + 8 <= made.length) {
      // An address of somewhere else in the file, or a count.
      const value = random.integer(2) === 0 ? places[random.integer(places.length)] : random.integer(2 ** 20);
      new DataView(made.buffer).setBigUint64(aligned, BigInt(value), true);
    }
  }
  return made;
}

function placesOf(bytes: Uint8Array, word: string): number[] {
  const found = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const places: number[] = [];
  for (let at = found.indexOf(word, 0, 'latin1'); at !== -1; at = found.indexOf(word, at + 1, 'latin1'))
    places.push(at);
  return places;
}

const odd: readonly unknown[] = [
  null,
  true,
  false,
  0,
  1,
  -1,
  2,
  0.5,
  -0.5,
  1e12,
  1e308,
  -1e308,
  2 ** 31,
  2 ** 53,
  1e-320,
  '',
  'x',
  '__proto__',
  'constructor',
  'toString',
  'relu',
  'softmax',
  'linear',
  '../../etc/passwd',
  '\u0000',
  'a'.repeat(5000),
  [],
  [[]],
  {},
  [null],
  [0],
  [-1],
  [1e9, 1e9],
  [null, 1e6, 1e6],
  ['x', 0, 0],
  { class_name: 'Lambda', config: {} },
  { class_name: 'LSTM', config: { units: 3 } },
  { class_name: 'Sequential', config: { layers: [] } },
];

/** A copy of what JSON holds with one to four things in it changed. */
export function damagedJson(value: unknown, random: Random): unknown {
  const held = { value: JSON.parse(JSON.stringify(value)) };
  for (let i = 0; i <= random.integer(4); i++) damagedValue(held, random);
  return held.value;
}

type Holder = { [key: string]: unknown };

/** Changes one thing somewhere in an object. */
export function damagedValue(root: object, random: Random): void {
  const places: [holder: Holder, key: string][] = [];
  const visit = (value: unknown) => {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
    for (const [key, inner] of Object.entries(value)) {
      places.push([value as Holder, key]);
      visit(inner);
    }
  };
  visit(root);
  if (places.length === 0) return;
  const [holder, key] = places[random.integer(places.length)];
  const [other, otherKey] = places[random.integer(places.length)];
  const old = holder[key];
  const kind = random.integer(7);
  if (kind === 0) holder[key] = copyOf(odd[random.integer(odd.length)]);
  else if (kind === 1) holder[key] = copyOf(other[otherKey]);
  else if (kind === 2 && Array.isArray(holder)) holder.splice(Number(key), 1);
  else if (kind === 2) delete holder[key];
  else if (kind === 3 && Array.isArray(holder)) holder.push(copyOf(old));
  else if (kind === 3)
    Object.defineProperty(holder, String(['__proto__', 'constructor', 'name', otherKey][random.integer(4)]), {
      value: copyOf(old),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  else if (kind === 4 && typeof old === 'number')
    holder[key] = [old + 1, old - 1, -old, old * 1e6, old / 3][random.integer(5)];
  else if (kind === 5 && typeof old === 'string') holder[key] = old.slice(0, random.integer(old.length + 1));
  else holder[key] = [old];
}

function copyOf(value: unknown): unknown {
  return structuredClone(value);
}

/** JSON text that no writer makes: numbers out of range, keys that come twice, brackets without end. */
export function damagedJsonText(text: string, random: Random): string {
  const kind = random.integer(4);
  const numbers = [...text.matchAll(/-?\d+(?:\.\d+)?/g)];
  const keys = [...text.matchAll(/"([^"\\]*)":/g)];
  if (kind < 2 && numbers.length > 0) {
    const { 0: old, index } = numbers[random.integer(numbers.length)];
    const other = [
      'NaN',
      'Infinity',
      '1e999',
      '-1e999',
      '99999999999999999999',
      '-0',
      '0.1',
      '1e12',
      '00',
      '9007199254740993',
    ];
    return text.slice(0, index) + other[random.integer(other.length)] + text.slice(index + old.length);
  }
  if (kind === 2 && keys.length > 1) {
    const from = keys[random.integer(keys.length)];
    const { 0: old, index } = keys[random.integer(keys.length)];
    return text.slice(0, index) + from[0] + text.slice(index + old.length);
  }
  const deep = [10, 1000, 100_000][random.integer(3)];
  const [open, close] = random.integer(2) === 0 ? ['[', ']'] : ['{"a":', '}'];
  const at = keys.length > 0 ? keys[random.integer(keys.length)] : undefined;
  if (!at) return open.repeat(deep);
  const end = at.index + at[0].length;
  const put = open.repeat(deep) + (open === '[' ? '' : '0') + close.repeat(random.integer(2) === 0 ? deep : 0);
  return `${text.slice(0, end)}${put},${text.slice(at.index)}`;
}

interface Field {
  /** Where its tag, what it says of its length (or its value) and its content begin, and where it ends. */
  tag: number;
  says: number;
  content: number;
  end: number;
}

/** A message of protobuf with a length, a tag or a number of one field changed, or a field given twice, moved or nested. */
export function damagedProtobuf(bytes: Uint8Array, random: Random): Uint8Array {
  const fields: Field[] = [];
  collectFields(bytes, 0, bytes.length, 0, fields);
  if (fields.length === 0) return damagedBytes(bytes, random);
  const field = fields[random.integer(fields.length)];
  const other = fields[random.integer(fields.length)];
  const kind = random.integer(6);
  const put = (from: number, to: number, ...parts: (Uint8Array | number[])[]) =>
    Uint8Array.from(
      Buffer.concat([bytes.subarray(0, from), ...parts.map((part) => Uint8Array.from(part)), bytes.subarray(to)]),
    );
  if (kind < 2) return put(field.says, field.content, oddVarint(field.end - field.content, random));
  if (kind === 2) return put(field.tag, field.says, [(bytes[field.tag] & 0xf8) | random.integer(8)]);
  if (kind === 3) return put(field.end, field.end, bytes.subarray(field.tag, field.end));
  if (kind === 4) return put(field.tag, field.end, bytes.subarray(other.tag, other.end));
  // Messages in messages, each said to be as long as what is left.
  const depth = [3, 200, 20_000][random.integer(3)];
  return put(
    field.content,
    field.content,
    ...Array.from({ length: depth }, () => [bytes[field.tag], ...varint(depth)]),
  );
}

function varint(value: number): number[] {
  const made: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return [...made, left];
    made.push((left % 128) | 0x80);
  }
}

function oddVarint(length: number, random: Random): number[] {
  const kind = random.integer(7);
  if (kind === 0) return [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
  if (kind === 1) return Array(12).fill(0xff);
  return varint([0, length + 1, Math.max(0, length - 1), 2 ** 31, 2 ** 40][kind - 2]);
}

/** The fields of a message, and of what reads as messages in it; false where the bytes are none. */
function collectFields(bytes: Uint8Array, from: number, to: number, depth: number, found: Field[]): boolean {
  const own: Field[] = [];
  const number = (at: number): [value: number, next: number] | undefined => {
    let value = 0;
    for (let i = 0; i < 10 && at + i < to; i++) {
      value += (bytes[at + i] & 0x7f) * 2 ** (7 * i);
      if (bytes[at + i] < 0x80) return [value, at + i + 1];
    }
    return undefined;
  };
  for (let at = from; at < to; ) {
    const tag = number(at);
    if (!tag || tag[0] < 8) return false;
    const type = tag[0] & 7;
    const said = type === 0 || type === 2 ? number(tag[1]) : undefined;
    const size = type === 5 ? 4 : type === 1 ? 8 : 0;
    if (type === 0 ? !said : type === 2 ? !said : size === 0) return false;
    const content = said ? said[1] : tag[1];
    const end = type === 2 && said ? content + said[0] : content + size;
    if (end > to) return false;
    own.push({ tag: at, says: tag[1], content, end });
    at = end;
  }
  for (const field of own) {
    found.push(field);
    const inside = field.end - field.content;
    if (depth < 8 && inside > 1 && inside < 20_000) collectFields(bytes, field.content, field.end, depth + 1, found);
  }
  return true;
}

/** An HDF5 file with addresses and sizes in it led elsewhere: to other structures, to themselves, behind the end. */
export function damagedAddresses(bytes: Uint8Array, random: Random): Uint8Array {
  const made = bytes.slice();
  const view = new DataView(made.buffer);
  const places: number[] = [];
  for (let at = 0; at + 8 <= made.length; at += 8) {
    const value = view.getBigUint64(at, true);
    if (value > 0n && value < BigInt(made.length) && value % 8n === 0n) places.push(at);
  }
  if (places.length === 0) return damagedBytes(bytes, random);
  for (let change = 0; change <= random.integer(3); change++) {
    const at = places[random.integer(places.length)];
    const other = view.getBigUint64(places[random.integer(places.length)], true);
    const value = [
      other,
      BigInt(at),
      BigInt(made.length - random.integer(16)),
      2n ** 63n,
      2n ** 64n - 1n,
      0n,
      2n ** 32n,
      8n,
    ];
    view.setBigUint64(at, value[random.integer(value.length)], true);
  }
  return made;
}

/** Where a header of a zip has which fields, by what it begins with: [offset, bytes]. */
const zipFields: { [signature: string]: [at: number, bytes: number][] } = {
  'PK\x03\x04': [
    [4, 2],
    [6, 2],
    [8, 2],
    [14, 4],
    [18, 4],
    [22, 4],
    [26, 2],
    [28, 2],
  ],
  'PK\x01\x02': [
    [6, 2],
    [8, 2],
    [10, 2],
    [16, 4],
    [20, 4],
    [24, 4],
    [28, 2],
    [30, 2],
    [32, 2],
    [42, 4],
  ],
  'PK\x05\x06': [
    [8, 2],
    [10, 2],
    [12, 4],
    [16, 4],
    [20, 2],
  ],
};

/** A zip whose headers say other sizes, offsets, methods, checksums and counts. */
export function damagedZip(bytes: Uint8Array, random: Random): Uint8Array {
  const made = bytes.slice();
  const view = new DataView(made.buffer);
  for (let change = 0; change <= random.integer(2); change++) {
    const signatures = Object.keys(zipFields);
    const signature = signatures[random.integer(signatures.length)];
    const places = placesOf(made, signature);
    if (places.length === 0) continue;
    const [offset, size] = zipFields[signature][random.integer(zipFields[signature].length)];
    const at = places[random.integer(places.length)] + offset;
    if (at + size > made.length) continue;
    if (size === 2) view.setUint16(at, [0, 1, 8, 9, 99, 0xffff, random.integer(65536)][random.integer(7)], true);
    else {
      const old = view.getUint32(at, true);
      const value = [0, old + 1, Math.max(0, old - 1), 0xffffffff, 0x7fffffff, places[0], made.length, 2 ** 30];
      view.setUint32(at, value[random.integer(value.length)], true);
    }
  }
  return made;
}

let zeros: Uint8Array | undefined;

/** A zip of one file that inflates to 256 MiB of zeros, and says so or something else. */
export function zipBomb(name: string, random: Random): Uint8Array {
  zeros ??= deflateRawSync(Buffer.alloc(2 ** 28));
  const content = zeros;
  const sizes = [2 ** 28, 1000, 1.5 * 2 ** 30, 0xffffffff];
  const size = sizes[random.integer(sizes.length)];
  const named = Buffer.from(name);
  const header = (central: boolean) => {
    const made = Buffer.alloc(central ? 46 : 30);
    made.writeUInt32LE(central ? 0x02014b50 : 0x04034b50, 0);
    const at = central ? 6 : 4;
    made.writeUInt16LE(20, at);
    made.writeUInt16LE(8, at + 4);
    made.writeUInt32LE(content.length, at + 14);
    made.writeUInt32LE(size, at + 18);
    made.writeUInt16LE(named.length, at + 22);
    return Buffer.concat([made, named]);
  };
  const [local, central, end] = [header(false), header(true), Buffer.alloc(22)];
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length + content.length, 16);
  return Uint8Array.from(Buffer.concat([local, content, central, end]));
}
