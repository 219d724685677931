import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { binary } from '../../src/kernels/binaries.js';
import {
  compileKernels,
  instantiateKernels,
  instantiateKernelsAsync,
  type Speed,
  supportsRelaxedSimd,
  usualSpeed,
  wasmObstacle,
} from '../../src/kernels/module.js';
import { Random } from '../../src/random.js';
import { Arena } from './arena.js';

const nodeMajor = Number.parseInt(process.versions.node, 10);
const speeds: Speed[] = supportsRelaxedSimd() ? ['plain', 'relaxed', 'wide'] : ['plain'];

/** One after the other: what has been found possible is not tried again. */
describe('where WebAssembly does not run', () => {
  const { WebAssembly: whole } = globalThis;
  afterEach(() => {
    globalThis.WebAssembly = whole;
    jest.restoreAllMocks();
  });
  const forbids = (name: 'Module' | 'Memory', message: string) =>
    jest.spyOn(WebAssembly, name).mockImplementation(() => {
      throw new RangeError(message);
    });
  const memory = (shared = false) => new WebAssembly.Memory({ initial: 1, maximum: 2, shared });

  test('the reason is said, and what to do', async () => {
    Reflect.deleteProperty(globalThis, 'WebAssembly');
    expect(wasmObstacle()).toBe('this platform has no WebAssembly');
    await compileKernels();
    globalThis.WebAssembly = whole;
    const held = memory();
    forbids('Module', 'not\n  here');
    const reason =
      "WebAssembly may not be compiled here: a page needs 'wasm-unsafe-eval' in its Content-Security-Policy's script-src, and Cloudflare Workers forbid it (not here)";
    expect(wasmObstacle()).toBe(reason);
    expect(() => instantiateKernels(held)).toThrow(
      expect.objectContaining({
        name: 'MemcellError',
        code: 'usage',
        message: `kernels: ${reason}`,
        cause: expect.objectContaining({ message: 'not\n  here' }),
      }),
    );
    jest.restoreAllMocks();
    const room = forbids('Memory', 'no room');
    expect(wasmObstacle()).toBe("no address space for WebAssembly's memory; raise the limit (ulimit -v) (no room)");
    expect(room).toHaveBeenCalledWith({ initial: 1, maximum: 65536 });
  });

  test('kernels compiled ahead are there for memory that is not shared, and none are compiled twice', async () => {
    await compileKernels();
    const [own, other, shared] = [memory(), memory(), memory(true)];
    forbids('Module', 'forbidden');
    const compile = jest.spyOn(WebAssembly, 'compile');
    const made = [instantiateKernels(own), await instantiateKernelsAsync(other)];
    for (const { exports } of made) expect(typeof exports.lstmForward).toBe('function');
    expect(compile).not.toHaveBeenCalled();
    // It ran before, so this is an error of its own.
    expect(wasmObstacle()).toBeUndefined();
    expect(() => instantiateKernels(shared)).toThrow(
      expect.objectContaining({ name: 'RangeError', message: 'forbidden' }),
    );
    jest.restoreAllMocks();
    const once = jest.spyOn(WebAssembly, 'compile');
    for (const speed of ['plain', 'plain'] as const) await instantiateKernelsAsync(shared, { speed });
    expect(once).toHaveBeenCalledTimes(1);
    expect(typeof instantiateKernels(shared, { speed: 'plain' }).exports.lstmForward).toBe('function');
  });
});

test('a page that is not isolated has no SharedArrayBuffer: kernels and engine run there all the same', () => {
  const program = `
    delete globalThis.SharedArrayBuffer;
    const { sequential } = await import('./dist/index.js');
    const model = sequential('LSTM(3), Dense(1)', { inputShape: [4, 2], seed: 1 });
    const { data } = await model.predict({ data: new Float32Array(8).fill(0.5), shape: [1, 4, 2] });
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    const loss = await model.trainOnBatch([[[1, 2], [3, 4], [5, 6], [7, 8]]], [[1]]);
    console.log(typeof SharedArrayBuffer, model.engine ?? '', [...data, Number(Array.isArray(loss) ? loss[0] : loss.loss ?? loss)].every(Number.isFinite));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  expect([stdout, stderr]).toEqual([expect.stringMatching(/^undefined .*true\n$/), '']);
});

describe('the module', () => {
  test.each((['plain', 'relaxed'] as const).map((name) => [name, binary(name)]))(
    '%s imports only its memory, has no data and never grows it',
    (_, base64) => {
      const bytes = Buffer.from(base64, 'base64');
      const ids: number[] = [];
      for (let position = 8; position < bytes.length; ) {
        ids.push(bytes[position++]);
        let size = 0;
        for (let shift = 0, more = true; more; shift += 7) {
          size |= (bytes[position] & 127) << shift;
          more = bytes[position++] >= 128;
        }
        position += size;
      }
      expect(ids).not.toContain(11); // data
      expect(ids).not.toContain(8); // start
      if (!WebAssembly.validate(bytes)) return;
      expect(WebAssembly.Module.imports(new WebAssembly.Module(bytes))).toEqual([
        { module: 'env', name: 'memory', kind: 'memory' },
      ]);
    },
  );

  test.each((['plain', 'relaxed'] as const).filter((name) => name === 'plain' || supportsRelaxedSimd()))(
    '%s exports the functions that KernelFunctions declares, with as many parameters, and no others',
    (speed) => {
      const source = readFileSync('src/kernels/generated/functions.ts', 'utf8');
      const declared = [...source.matchAll(/^ {2}(\w+)\((.*)\): \w+;$/gm)].map(
        ([, name, parameters]) => `${name} ${parameters.split(', ').filter(Boolean).length}`,
      );
      const { exports } = instantiateKernels(new Arena(65536).memory, { speed });
      const exported = Object.entries(exports).filter(([, value]) => typeof value === 'function');
      expect(declared.length).toBeGreaterThan(80);
      expect(exported.map(([name, run]) => `${name} ${run.length}`).sort()).toEqual(declared.sort());
    },
  );

  test('is made for plain and for shared memory, at once and asynchronously', async () => {
    for (const shared of [false, true]) {
      const { memory } = new Arena(65536, shared);
      expect(typeof instantiateKernels(memory).exports.lstmForward).toBe('function');
      expect(typeof (await instantiateKernelsAsync(memory, { speed: 'plain' })).exports.lstmForward).toBe('function');
    }
  });

  test('runs fused multiply-adds exactly where relaxed SIMD validates, and says so where it does not', () => {
    const { memory } = new Arena(65536);
    expect(supportsRelaxedSimd()).toBe(WebAssembly.validate(Buffer.from(binary('relaxed'), 'base64')));
    const usual = process.env.MEMCELL_TEST_SPEED ?? (supportsRelaxedSimd() ? 'relaxed' : 'plain');
    expect(instantiateKernels(memory).speed).toBe(usual);
    if (!supportsRelaxedSimd()) {
      expect(() => instantiateKernels(memory, { speed: 'wide' })).toThrow("speed 'wide' needs relaxed SIMD");
    }
  });

  test('where relaxed SIMD is lacking other speeds are refused, and plain runs', async () => {
    const { memory } = new Arena(65536);
    jest.spyOn(WebAssembly, 'validate').mockReturnValue(false);
    try {
      expect(supportsRelaxedSimd()).toBe(false);
      for (const speed of ['relaxed', 'wide'] as const) {
        const refused = expect.objectContaining({
          name: 'MemcellError',
          code: 'usage',
          message: `kernels: speed '${speed}' needs relaxed SIMD, which this engine lacks; use speed 'plain'`,
        });
        expect(() => instantiateKernels(memory, { speed })).toThrow(refused);
        await expect(instantiateKernelsAsync(memory, { speed })).rejects.toEqual(refused);
      }
      expect(instantiateKernels(memory, { speed: 'plain' })).toMatchObject({ speed: 'plain', wide: false });
      if (process.env.MEMCELL_TEST_SPEED === undefined) {
        expect(usualSpeed()).toBe('plain');
        expect(instantiateKernels(memory).speed).toBe('plain');
        expect((await instantiateKernelsAsync(memory)).speed).toBe('plain');
      }
    } finally {
      jest.restoreAllMocks();
    }
  });

  // The revectorizer ends the process on code it does not know (Node 26: vector parameters), so every function goes through it.
  const revectorizes = nodeMajor >= 24 && process.arch === 'x64';
  (revectorizes ? test : test.skip)('compiles under the revectorizer', () => {
    const program = `new WebAssembly.Module(Buffer.from('${binary('relaxed')}', 'base64'))`;
    const flags = ['--experimental-wasm-revectorize', '--no-wasm-lazy-compilation', '--no-liftoff'];
    const { status, stderr } = spawnSync(process.execPath, [...flags, '-'], { encoding: 'utf8', input: program });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

/** Panels [columns/16][rows][16] of a row-major matrix. */
function toPanels(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const panels = new Float32Array(rows * columns);
  matrix.forEach((value, index) => {
    const [row, column] = [Math.floor(index / columns), index % columns];
    panels[Math.floor(column / 16) * rows * 16 + row * 16 + (column % 16)] = value;
  });
  return panels;
}

describe.each(speeds)('%s products equal sums in double precision within 1e-5', (speed) => {
  const random = new Random(3);
  const draw = (length: number) => Float32Array.from({ length }, () => random.normal());

  test.each([0, 1])('A·B and Aᵀ·B for every number of rows up to two tiles; added to C: %i', (added) => {
    for (const panels of [1, 2, 3]) {
      for (const k of [1, 2, 17, 300]) {
        const columns = 16 * panels;
        const arena = new Arena(1 << 21);
        const { exports, wide } = instantiateKernels(arena.memory, { speed });
        expect(wide).toBe(speed === 'wide');
        const b = draw(k * columns);
        const bAddress = arena.floats(toPanels(b, k, columns));
        for (let m = 1; m <= 13; m++) {
          const c = draw(m * columns);

          const a = draw(m * (k + 3));
          const cAddress = arena.floats(c);
          exports.product(
            panels,
            m,
            k,
            arena.floats(a),
            4 * (k + 3),
            bAddress,
            64 * k,
            cAddress,
            4 * columns,
            64,
            added === 1,
            wide,
          );
          const aT = draw(k * (m + 2));
          const cPanels = arena.floats(toPanels(c, m, columns));
          exports.outerProduct(
            panels,
            m,
            k,
            arena.floats(aT),
            4 * (m + 2),
            bAddress,
            64 * k,
            cPanels,
            64 * m,
            added === 1,
            wide,
          );

          const expected = new Float32Array(m * columns);
          const expectedT = new Float32Array(m * columns);
          for (let i = 0; i < m; i++) {
            for (let j = 0; j < columns; j++) {
              let sum = added * c[i * columns + j];
              let sumT = sum;
              for (let l = 0; l < k; l++) {
                sum += a[i * (k + 3) + l] * b[l * columns + j];
                sumT += aT[l * (m + 2) + i] * b[l * columns + j];
              }
              expected[i * columns + j] = sum;
              expectedT[i * columns + j] = sumT;
            }
          }
          const worst = (actual: Float32Array, wanted: Float32Array) =>
            actual.every((value, index) => Math.abs(value - wanted[index]) <= 1e-5 * Math.max(1, Math.sqrt(k)));
          expect(worst(arena.read(cAddress, m * columns), expected)).toBe(true);
          expect(worst(arena.read(cPanels, m * columns), toPanels(expectedT, m, columns))).toBe(true);
        }
        arena.expectGuardsWhole();
      }
    }
  });

  test('transposed panels hold the transposed matrix, zeros beyond it', () => {
    for (const rows of [1, 3, 4, 15, 16, 17, 33]) {
      const columns = 48;
      const padded = Math.ceil(rows / 16) * 16;
      const matrix = draw(rows * columns);
      const arena = new Arena(1 << 18);
      const { exports } = instantiateKernels(arena.memory, { speed });
      const to = arena.reserve(4 * padded * columns);
      exports.transposePanels(arena.floats(toPanels(matrix, rows, columns)), columns / 16, rows, to);
      arena.expectGuardsWhole();
      const transposed = new Float32Array(columns * padded);
      matrix.forEach((value, index) => {
        transposed[(index % columns) * padded + Math.floor(index / columns)] = value;
      });
      expect(arena.read(to, padded * columns)).toEqual(toPanels(transposed, columns, padded));
    }
  });
});
