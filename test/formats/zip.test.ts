import { describe, expect, it } from '@jest/globals';
import { zipSync } from 'fflate';
import { isZip, readZip, writeZip } from '../../src/formats/zip.js';

describe('a zip archive', () => {
  const text = new TextEncoder().encode('a'.repeat(5000));
  const refuse = (bytes: Uint8Array, message: string, most = 1e6) =>
    expect(readZip(bytes, { most, remedy: 'less' }, 'F')).rejects.toMatchObject({
      code: 'model',
      message: `F: ${message}`,
    });
  /** A copy with a number of the list of files changed, in the first entry or another. */
  const listed = (bytes: Uint8Array, field: number, value: number, entry = 0) => {
    const copy = bytes.slice();
    const view = new DataView(copy.buffer);
    let at = view.getUint32(copy.length - 6, true);
    for (let i = 0; i < entry; i++)
      at += 46 + [28, 30, 32].reduce((sum, length) => sum + view.getUint16(at + length, true), 0);
    if ([8, 10, 28].includes(field)) view.setUint16(at + field, value, true);
    else view.setUint32(at + field, value, true);
    return copy;
  };

  it('is read, stored and deflated, with backslashes as slashes', async () => {
    for (const level of [0, 6] as const) {
      const files = await readZip(
        zipSync({ 'a.txt': text, 'b\\c': text }, { level }),
        { most: 1e6, remedy: 'less' },
        'F',
      );
      expect([...files.keys()]).toEqual(['a.txt', 'b/c']);
      expect(files.get('b/c')).toEqual(text);
    }
  });

  it('is refused where what it says cannot be', async () => {
    const packed = zipSync({ 'a.txt': text });
    const own = (what: string) => `"a.txt": ${what}`;
    await refuse(packed.subarray(0, 60), 'a zip archive without its end: truncated?');
    await refuse(listed(packed, 8, 1), own('is encrypted'));
    await refuse(listed(packed, 10, 9), own('is compressed by the method 9'));
    await refuse(
      packed,
      `${packed.length} bytes that come to 5000 or more, above the 100 that are read of such a file; less`,
      100,
    );
    for (const name of ['../a', 'a/../b', './a', 'a//b', 'c:', 'a\0b'])
      await refuse(zipSync({ [name]: text }), `the name ${JSON.stringify(name)} in it does not stay inside`);
    await refuse(zipSync({ 'a/b': text, 'a\\b': text }), '"a/b": is in the archive twice');
    await refuse(listed(packed, 0, 1), 'a damaged zip archive: its list of files ends early');
    await refuse(listed(packed, 28, 200), 'a damaged zip archive: a name in it is too long');
    await refuse(listed(packed, 16, 1), own('damaged: its checksum is another'));
    await refuse(listed(packed, 24, 4000), own('more than the 4000 bytes that the archive says'));
    const bytes = new DataView(packed.buffer).getUint32(18, true);
    await refuse(listed(packed, 24, 900_000), own(`${bytes} bytes cannot make the 900000 that the archive says`));
    await refuse(listed(packed, 20, 1e6), own('is cut off'));
    await refuse(listed(packed, 42, 1e6), own('is not where the archive says'));
    await refuse(listed(packed, 42, 1), own('is not where the archive says'));
    const stored = zipSync({ 'a.txt': text }, { level: 0 });
    for (const size of [4999, 5001])
      await refuse(listed(stored, 24, size), own(`5000 bytes, but the archive says ${size}`));
    const two = zipSync({ 'a.txt': text, b: text }, { level: 0 });
    await refuse(listed(two, 42, 0, 1), '"b": lies over another file');
    for (const field of [20, 24, 42])
      await refuse(listed(packed, field, 0xffffffff), own('a damaged zip archive: a size is missing'));
  });

  it('is read up to its limits: 1000 files, names of 1000 letters, all that may be unpacked', async () => {
    const read = (bytes: Uint8Array, most = 1e6) => readZip(bytes, { most, remedy: 'less' }, 'F');
    const many = (count: number) =>
      zipSync(Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, new Uint8Array(0)])));
    expect((await read(many(1000))).size).toBe(1000);
    await refuse(many(1001), '1001 files in it; a model has a few');
    expect([...(await read(zipSync({ ['n'.repeat(1000)]: text }))).values()]).toEqual([text]);
    await refuse(zipSync({ ['n'.repeat(1001)]: text }), 'a damaged zip archive: a name in it is too long');
    expect((await read(zipSync({ a: text }), 5000)).size).toBe(1);
    await expect(read(zipSync({ a: text, b: text }), 9999)).rejects.toThrow('that come to 10000 or more');
  });

  it('may be as dense as deflate makes it, and says no more than that', async () => {
    const zeros = new Uint8Array(2 ** 17);
    const dense = zipSync({ z: zeros }, { level: 9 });
    expect((await readZip(dense, { most: 2 ** 17, remedy: 'less' }, 'F')).get('z')?.length).toBe(zeros.length);
    // A byte of deflate stands for 1032 at most: a match of 258 in two bits.
    const bytes = new DataView(dense.buffer).getUint32(18, true);
    const most = 1032 * bytes;
    await refuse(listed(dense, 24, most), `"z": 131072 bytes, but the archive says ${most}`, 2 ** 22);
    await refuse(
      listed(dense, 24, most + 1),
      `"z": ${bytes} bytes cannot make the ${most + 1} that the archive says`,
      2 ** 22,
    );
  });

  it('ends in a comment of any length, and lies anywhere in memory', async () => {
    const packed = zipSync({ a: text, 'folder/': new Uint8Array(0), 'full/': text });
    for (const length of [0, 1, 0xffff]) {
      const memory = new Uint8Array(5 + packed.length + length);
      memory.set(packed, 5);
      new DataView(memory.buffer).setUint16(5 + packed.length - 2, length, true);
      const files = await readZip(memory.subarray(5), { most: 1e6, remedy: 'less' }, 'F');
      expect([...files]).toEqual([['a', text]]);
    }
    const after = new Uint8Array(packed.length + 0x10000);
    after.set(packed);
    await refuse(after, 'a zip archive without its end: truncated?');
    await refuse(new Uint8Array(21), 'a zip archive without its end: truncated?');
  });

  it('is told by its first bytes, and by the bytes of each file whether it is whole', async () => {
    const start = (...bytes: number[]) => isZip(Uint8Array.from({ length: 22 }, (_, i) => bytes[i] ?? 0));
    expect(start(0x50, 0x4b, 3)).toBe(true);
    expect(start(0x50, 0x4b, 5)).toBe(true);
    for (const other of [
      [0x50, 0x4b, 4],
      [0x50, 0x4b, 1],
      [0x51, 0x4b, 3],
      [0x50, 0x4c, 3],
    ])
      expect(start(...other)).toBe(false);
    expect(isZip(Uint8Array.of(0x50, 0x4b, 3, ...Array(18).fill(0)))).toBe(false);
    // Sums of every length of the last part, each byte by itself damaged.
    for (let size = 1; size <= 9; size++) {
      const content = Uint8Array.from({ length: size }, (_, i) => 37 * i + size);
      const packed = zipSync({ a: content }, { level: 0 });
      expect([...(await readZip(packed, { most: 1e6, remedy: 'less' }, 'F')).values()]).toEqual([content]);
      for (let i = 0; i < size; i++) {
        const copy = packed.slice();
        copy[31 + i] ^= 1 << (i % 8);
        await refuse(copy, '"a": damaged: its checksum is another');
      }
    }
    const deflated = zipSync({ a: text });
    const copy = deflated.slice();
    copy[31] = 0xff;
    await expect(readZip(copy, { most: 1e6, remedy: 'less' }, 'F')).rejects.toMatchObject({
      message: expect.stringMatching(/^F: "a": cannot be unpacked: /),
      cause: expect.anything(),
    });
  });

  it('is written stored, the same for the same files at any time', async () => {
    const files = { a: text, 'b/c': text.subarray(0, 3) };
    const bytes = await writeZip(files);
    expect(Object.fromEntries(await readZip(bytes, { most: 1e6, remedy: 'less' }, 'F'))).toEqual(files);
    const view = new DataView(bytes.buffer);
    // No method, and in the words for time and date the first day that there is: 1980-01-01, 0:00.
    expect([8, 10, 12].map((at) => view.getUint16(at, true))).toEqual([0, 0, 0x21]);
    expect(bytes.length).toBe(5003 + 2 * (30 + 46) + 2 * (1 + 3) + 22);
  });

  it('has sizes elsewhere where they are too large for their place, as zip64 has them', async () => {
    const sizes = (...values: number[]) => new Uint8Array(BigUint64Array.from(values, BigInt).buffer);
    const plain = zipSync({ a: text }, { level: 0 });
    for (const [fields, values] of [
      [[24], [5000]],
      [
        [24, 20],
        [5000, 5000],
      ],
      [
        [24, 20, 42],
        [5000, 5000, 0],
      ],
    ]) {
      const bytes = zipSync({ a: [text, { level: 0, extra: { 7: new Uint8Array(3), 1: sizes(...values) } }] });
      expect(bytes.length).toBeGreaterThan(plain.length);
      const changed = fields.reduce((made, field) => listed(made, field, 0xffffffff), bytes);
      expect([...(await readZip(changed, { most: 1e6, remedy: 'less' }, 'F')).values()]).toEqual([text]);
      // Not as many as are wanted.
      const fewer = zipSync({ a: [text, { level: 0, extra: { 1: sizes(...values).slice(8) } }] });
      await refuse(
        fields.reduce((made, field) => listed(made, field, 0xffffffff), fewer),
        '"a": a damaged zip archive: a size is missing',
      );
    }
    // Said to be there, and behind the end of the file.
    const cut = zipSync({ a: [text, { level: 0, extra: { 1: new Uint8Array() } }] });
    new DataView(cut.buffer).setUint16(cut.length - 24, 24, true);
    await refuse(
      [24, 20, 42].reduce((made, field) => listed(made, field, 0xffffffff), cut),
      '"a": a damaged zip archive: a size is missing',
    );
    const packed = zipSync({ a: text }, { level: 6 });
    const inside = new DataView(packed.buffer).getUint32(18, true);
    const bytes = zipSync({ a: [text, { level: 6, extra: { 1: sizes(5000, inside) } }] });
    const changed = [24, 20].reduce((made, field) => listed(made, field, 0xffffffff), bytes);
    expect([...(await readZip(changed, { most: 1e6, remedy: 'less' }, 'F')).values()]).toEqual([text]);
  });
});
