import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';

const module = (path: string) => JSON.stringify(fileURLToPath(new URL(`../../dist/${path}`, import.meta.url)));

/** Runs a program in a process of its own, since a process has one backend. Resolves to the JSON it prints last. */
async function run(
  program: string,
  environment: Record<string, string> = {},
): Promise<{ result: unknown; stderr: string }> {
  const code = `
    import * as tf from '@tensorflow/tfjs';
    const { ensureBackend, prepareBackend } = await import(${module('kernels/backend.js')});
    const print = (value) => console.log(JSON.stringify(value));
    ${program}`;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { ...process.env, MEMCELL_BACKEND: '', ...environment },
  });
  return { result: JSON.parse(stdout), stderr };
}

describe('prepareBackend', () => {
  test('readies wasm, quietly, and leaves the error handling of Node as it was', async () => {
    const { result, stderr } = await run(`
      const backend = await prepareBackend();
      print([backend, await tf.add(1, 2).array(), process.listenerCount('uncaughtException'), process.listenerCount('unhandledRejection')])`);
    expect(result).toEqual(['wasm', 3, 0, 0]);
    expect(stderr).toBe('');
  });

  test('keeps the backend that the caller has set', async () => {
    const { result } = await run(`
      await tf.setBackend('cpu');
      print([await prepareBackend(), await prepareBackend(), tf.getBackend()]);`);
    expect(result).toEqual(['cpu', 'cpu', 'cpu']);
  });

  test('after ensureBackend the weights made so far move to wasm', async () => {
    const { result, stderr } = await run(`
      ensureBackend();
      const first = tf.getBackend();
      const weight = tf.variable(tf.tensor([1, 2, 3]));
      ensureBackend();
      print([first, await prepareBackend(), await tf.mul(weight, 2).array()]);`);
    expect(result).toEqual(['cpu', 'wasm', [2, 4, 6]]);
    expect(stderr).toBe('');
  });

  test('ensureBackend does not touch a backend that is set, and prepareBackend then leaves it', async () => {
    const { result } = await run(`
      await tf.setBackend('cpu');
      ensureBackend();
      print(await prepareBackend());`);
    expect(result).toBe('cpu');
  });

  test('MEMCELL_BACKEND decides', async () => {
    for (const MEMCELL_BACKEND of ['cpu', 'wasm']) {
      const { result, stderr } = await run('print([await prepareBackend(), await tf.add(1, 2).array()])', {
        MEMCELL_BACKEND,
      });
      expect(result).toEqual([MEMCELL_BACKEND, 3]);
      expect(stderr).toBe('');
    }
  });

  test('MEMCELL_BACKEND=tensorflow: tfjs-node where it works, otherwise one line that says what to do', async () => {
    const program = 'print(await prepareBackend().catch(({ name, code, message }) => ({ name, code, message })))';
    const { result } = await run(program, { MEMCELL_BACKEND: 'tensorflow' });
    if (result === 'tensorflow') return;
    expect(result).toEqual({
      name: 'MemcellError',
      code: 'usage',
      message: expect.stringMatching(/^MEMCELL_BACKEND=tensorflow: .*; install @tensorflow\/tfjs-node, or unset it$/),
    });
  });

  test('an unknown MEMCELL_BACKEND is refused, and the next try may succeed', async () => {
    const { result } = await run(
      `const message = await prepareBackend().catch((error) => error.message);
       process.env.MEMCELL_BACKEND = '';
       print([message, await prepareBackend()]);`,
      { MEMCELL_BACKEND: 'webgl' },
    );
    expect(result).toEqual(['MEMCELL_BACKEND=webgl: no such backend; use one of wasm, cpu, tensorflow', 'wasm']);
  });
});
