import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';

const nodeMajor = Number.parseInt(process.versions.node, 10);
const canBeWide = nodeMajor >= 24 && nodeMajor <= 26 && process.arch === 'x64';

/** enableWide in a process of its own, since it changes the whole process. */
function enable(wish?: string): { enabled: boolean; reason: string; speed: string } {
  const program = `
    const { enableWide } = await import('./dist/kernels/wide.js');
    const { instantiateKernels } = await import('./dist/kernels/module.js');
    const status = await enableWide();
    const { speed } = instantiateKernels(new WebAssembly.Memory({ initial: 1 }));
    console.log(JSON.stringify({ ...status, speed }));`;
  const { MEMCELL_WIDE: _, ...env } = process.env;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    env: wish === undefined ? env : { ...env, MEMCELL_WIDE: wish },
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

test('wide is on only on x64 and Node 24 to 26, after its self-check', () => {
  const status = enable();
  expect(status.speed === 'wide').toBe(status.enabled);
  if (canBeWide) expect(status.reason).toMatch(/^the self-check /);
  else expect(status.enabled).toBe(false);
  const [, factor] = /at ([\d.]+) times the narrow speed/.exec(status.reason) ?? [];
  // Of equal bits, only what is faster is on.
  if (factor !== undefined && status.enabled) expect(Number(factor)).toBeGreaterThanOrEqual(1);
  if (factor !== undefined && !status.enabled) expect(Number(factor)).toBeLessThanOrEqual(1);
});

test('MEMCELL_WIDE=0 keeps it off', () => {
  expect(enable('0').enabled).toBe(false);
});

test('where it is not tried the reason is said: what forbids it, what the machine is, what it lacks', () => {
  const program = `
    const [{ versions, arch, env }, whole] = [process, globalThis.WebAssembly];
    const set = (on, name, value) => Object.defineProperty(on, name, { value, configurable: true, writable: true });
    const on = async (what, { node = '24.1.0', processor = 'x64', wish, lacks } = {}) => {
      set(process, 'versions', { ...versions, node });
      set(process, 'arch', processor);
      if (wish === undefined) delete env.MEMCELL_WIDE;
      else env.MEMCELL_WIDE = wish;
      if (lacks === 'WebAssembly') delete globalThis.WebAssembly;
      const { validate } = whole;
      if (lacks === 'relaxed SIMD') whole.validate = () => false;
      const own = process;
      if (lacks === 'process') delete globalThis.process;
      try {
        const { enableWide } = await import('./dist/kernels/wide.js?' + what);
        const told = [await enableWide(), await enableWide()];
        if (told[0] !== told[1]) throw new Error('told twice');
        return told[0];
      } finally {
        globalThis.WebAssembly = whole;
        whole.validate = validate;
        globalThis.process = own;
      }
    };
    const told = [
      await on('a', { lacks: 'WebAssembly' }),
      await on('b', { wish: '0' }),
      await on('c', { processor: 'arm64' }),
      await on('d', { processor: 'ia32', wish: '1' }),
      await on('e', { node: '23.11.0' }),
      await on('f', { node: '9.1.0', wish: '1' }),
      await on('g', { node: '27.0.0' }),
      await on('h', { node: '100.0.0', wish: 'yes' }),
      await on('i', { lacks: 'relaxed SIMD' }),
      await on('j', { node: '26.9.0', lacks: 'relaxed SIMD' }),
      await on('k', { node: '27.0.0', wish: '1', lacks: 'relaxed SIMD' }),
      await on('l', { lacks: 'process' }),
    ];
    console.log(JSON.stringify(told));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  expect(stderr).toBe('');
  const reasons = [
    'this platform has no WebAssembly',
    'MEMCELL_WIDE=0',
    'processor arm64, not x64',
    'processor ia32, not x64',
    'Node 23, not 24 or later',
    'Node 9, not 24 or later',
    'Node 27 has not been tried; MEMCELL_WIDE=1 tries it',
    'Node 100 has not been tried; MEMCELL_WIDE=1 tries it',
    'no relaxed SIMD',
    'no relaxed SIMD',
    'no relaxed SIMD',
    'not Node',
  ];
  expect(JSON.parse(stdout)).toEqual(reasons.map((reason) => ({ enabled: false, reason })));
});
