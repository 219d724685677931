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
