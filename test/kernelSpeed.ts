/**
 * MEMCELL_TEST_SPEED: the speed at which kernels run unless a test asks for another; without it, as in any program. Wide means
 * with the revectorizer, which only this process's own flags can have turned on before anything was compiled.
 */
import type { Speed } from '../src/kernels/module.js';

const speed = process.env.MEMCELL_TEST_SPEED;
if (speed === 'wide' && !process.execArgv.includes('--experimental-wasm-revectorize'))
  throw new Error('MEMCELL_TEST_SPEED=wide needs node --experimental-wasm-revectorize');
if (speed) (await import('../src/kernels/module.js')).setDefaultSpeed(speed as Speed);
