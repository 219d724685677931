/**
 * The main job on real input: trains the document's model and lets it count, trains a forecast of Seattle's daily maximum
 * temperature from the command line with no option but the horizon, and predicts from the saved folder in a process of its own.
 */
import { spawnSync } from 'node:child_process';

/** Shows a command as one would type it, and runs it here. */
function memcell(...args: string[]): void {
  console.log(`\n$ memcell ${args.map((arg) => (/[ ()]/.test(arg) ? `'${arg}'` : arg)).join(' ')}`);
  const { status } = spawnSync(process.execPath, ['bin/memcell.js', ...args], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

const started = performance.now();

console.log(
  "Sequential([LSTM(50), Dense(10, 'softmax')]) learns to count: 0…9 ten times over, 100 epochs, batch size 1\n",
);
await import('./document.js');

const weather = 'examples/data/seattle-weather.csv';
memcell('train', weather, '--forecast', 'temp_max', '--horizon', '3', '--out', '.memcell/weather');
memcell('predict', '.memcell/weather');

const seconds = ((performance.now() - started) / 1000).toFixed(0);
console.log(`\ndone in ${seconds} s; the two models are in .memcell/, ready for memcell predict`);
