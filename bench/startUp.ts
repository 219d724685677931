// How long a prediction takes from nothing: the same model and data opened for the engine alone, and with TensorFlow.js, in processes
// of their own that take turns. The predictions are compared first.
//     node scripts/run-ts.mjs bench/startUp.ts [ROUNDS]
import { spawnSync } from 'node:child_process';

const root = process.cwd();
const rounds = Number(process.argv[2] ?? 9);

const program = (entry: string, load: string) => `
  const start = performance.now();
  const { ${load} } = await import('./dist/${entry}');
  const model = await ${load}('models/weather');
  const x = { data: Float32Array.from({ length: 120 }, (_, i) => Math.sin(i)), shape: [1, 30, 4] };
  const { data } = await model.predict(x);
  const { user, system } = process.cpuUsage();
  console.log(JSON.stringify({ data: [...data], wall: performance.now() - start, cpu: (user + system) / 1000 }));
  model.dispose();
`;

const ways = {
  'memcell/predict': program('predict.js', 'loadPredictor'),
  memcell: program('index.js', 'loadModel'),
};

interface Run {
  data: number[];
  wall: number;
  cpu: number;
}

function once(code: string): Run {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const names = Object.keys(ways) as (keyof typeof ways)[];
const [own, whole] = names.map((name) => once(ways[name]));
if (String(own.data) !== String(whole.data)) throw new Error(`they predict ${own.data} and ${whole.data}`);

const runs = new Map(names.map((name) => [name, [] as Run[]]));
for (let round = 0; round < rounds; round++) for (const name of names) runs.get(name)?.push(once(ways[name]));
const least = (name: keyof typeof ways, what: 'wall' | 'cpu') =>
  Math.min(...(runs.get(name) ?? []).map((run) => run[what]));
for (const name of names)
  console.log(`${name}: ${least(name, 'wall').toFixed(0)} ms, ${least(name, 'cpu').toFixed(0)} ms of processor time`);
const ratio = (what: 'wall' | 'cpu') => (least('memcell', what) / least('memcell/predict', what)).toFixed(2);
console.log(`× ${ratio('wall')}, × ${ratio('cpu')} of processor time (the least of ${rounds} each)`);
