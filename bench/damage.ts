/** Damage at random: to bytes, near what a format looks for, and to what JSON or a decoded message holds. */
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
