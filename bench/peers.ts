/**
 * memcell beside PyTorch, Keras on TensorFlow, and ONNX Runtime: the same model and shapes, in one run, and the ratios against
 * memcell's goals. × 2 means that memcell takes half the peer's time. Both take the better of one thread and two.
 *
 *     node scripts/run-ts.mjs bench/peers.ts PYTHON PEERS.PY [B,T,I,U ...]
 *
 * PYTHON is an interpreter with the peers installed. PEERS.PY is bench/peers.py, or another program that is called with a peer's name, a number of
 * threads and the shapes as JSON, and prints a line of JSON for each: { peer, threads, shape, predict_ms, train_ms, document_s }. The
 * two may stand in MEMCELL_PEERS instead, with a space between them. Run it on an otherwise idle machine: memcell is measured
 * before, between and after the peers, so that a busy moment does not meet one of them alone.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type BenchReport, runBench } from '../src/speed/bench.js';
import { defaultShapes, type Shape } from '../src/speed/cases.js';
import type { Times } from '../src/speed/compare.js';

type Figure = 'train' | 'predict' | 'document';

/** Ratios to reach when kernels run wide, and otherwise. */
interface Goal {
  wide: number;
  narrow: number;
}

interface Goals {
  torch: Goal;
  keras: Goal;
  onnx: Goal;
}

const goal = (wide: number, narrow: number): Goal => ({ wide, narrow });

const GOALS: Record<string, Goals> = {
  '1,1,1,50': { torch: goal(30, 20), keras: goal(150, 100), onnx: goal(1, 0.7) },
  '1,100,8,64': { torch: goal(3, 2), keras: goal(25, 20), onnx: goal(1, 0.6) },
  '32,50,16,64': { torch: goal(1.3, 0.6), keras: goal(6, 3), onnx: goal(0.7, 0.35) },
  '50,50,65,128': { torch: goal(1, 0.35), keras: goal(1.8, 0.75), onnx: goal(0.6, 0.3) },
  '64,100,64,256': { torch: goal(0.95, 0.42), keras: goal(1.6, 0.72), onnx: goal(0.65, 0.3) },
  '128,50,128,512': { torch: goal(0.8, 0.36), keras: goal(1, 0.44), onnx: goal(0.6, 0.3) },
};

/** The best of each peer's runs by peer and shape. */
type Best = Map<string, Partial<Times>>;

const THREADS = [1, 2];
const nameOf = ({ batch, steps, inputs, units }: Shape) => [batch, steps, inputs, units].join();

function keep(best: Best, key: string, times: Partial<Times>): void {
  const kept = best.get(key) ?? {};
  for (const figure of ['train', 'predict', 'document'] as const) {
    const time = times[figure];
    if (time !== undefined) kept[figure] = Math.min(kept[figure] ?? Number.POSITIVE_INFINITY, time);
  }
  best.set(key, kept);
}

async function runPeer(peer: string, threads: number, best: Best): Promise<void> {
  process.stderr.write(`${peer}, ${threads} thread${threads > 1 ? 's' : ''}\n`);
  const wanted = JSON.stringify(shapes.map(({ batch, steps, inputs, units }) => [batch, steps, inputs, units]));
  const child = spawn(python, [program, peer, String(threads), wanted], { stdio: ['ignore', 'pipe', 'ignore'] });
  const closed = new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('{')) continue;
    const row: { shape: number[]; predict_ms?: number; train_ms?: number; document_s?: number } = JSON.parse(line);
    const document = row.document_s === undefined ? undefined : 1000 * row.document_s;
    keep(best, `${peer} ${row.shape.join()}`, { predict: row.predict_ms, train: row.train_ms, document });
  }
  const code = await closed;
  if (code !== 0) process.stderr.write(`${peer} ended with exit code ${code}\n`);
}

async function runMemcell(best: Best): Promise<BenchReport> {
  process.stderr.write('memcell\n');
  const report = await runBench({ shapes, withoutTfjs: true });
  for (const row of report.rows) {
    keep(best, `memcell ${nameOf(row)}`, row.memcell);
    keep(best, `memcell ${nameOf(row)}`, row.oneThread);
    keep(best, `memcell on one thread ${nameOf(row)}`, row.oneThread);
  }
  return report;
}

function ratio(
  best: Best,
  shape: string,
  peer: string,
  figure: Figure,
  wanted: Goal | undefined,
  wide: boolean,
): string {
  const [theirs, ours] = [best.get(`${peer} ${shape}`)?.[figure], best.get(`memcell ${shape}`)?.[figure]];
  if (theirs === undefined || ours === undefined) return '–';
  const value = theirs / ours;
  const text = `× ${value.toFixed(2)}`;
  if (!wanted) return text;
  const least = wide ? wanted.wide : wanted.narrow;
  return `${text} (goal ${least}: ${value >= least ? 'met' : 'NOT met'})`;
}

const given = process.argv.slice(2);
const paths = given.length >= 2 ? given.slice(0, 2) : (process.env.MEMCELL_PEERS?.split(' ') ?? []);
const [python, program] = paths;
if (!python || !program) {
  console.error('usage: node scripts/run-ts.mjs bench/peers.ts PYTHON PEERS.PY [B,T,I,U ...]');
  process.exit(2);
}
const asked = given.slice(2).map((text) => text.split(',').map(Number));
const shapes: readonly Shape[] =
  asked.length > 0 ? asked.map(([batch, steps, inputs, units]) => ({ batch, steps, inputs, units })) : defaultShapes;

const best: Best = new Map();
let report = await runMemcell(best);
for (const peer of ['torch', 'keras-tensorflow', 'onnxruntime']) {
  for (const threads of THREADS) await runPeer(peer, threads, best);
  report = await runMemcell(best);
}
const wide = report.speed === 'wide';
console.log(`Node ${report.node}, ${report.speed} kernels, peak ${report.gigaflops.toFixed(1)} GFLOP/s on one thread`);
console.log('milliseconds: a training step (the document: 1000 steps), and predicting a batch');
console.table(
  Object.fromEntries(
    shapes.map(nameOf).map((shape) => {
      const cells: Record<string, string> = {};
      const figure: Figure = best.get(`memcell ${shape}`)?.document === undefined ? 'train' : 'document';
      const show = (title: string, peer: string, of: Figure) => {
        cells[title] = best.get(`${peer} ${shape}`)?.[of]?.toPrecision(4) ?? '–';
      };
      show('memcell train', 'memcell', figure);
      show('1 thread', 'memcell on one thread', figure);
      show('torch train', 'torch', figure);
      show('keras train', 'keras-tensorflow', figure);
      show('memcell predict', 'memcell', 'predict');
      show('onnx predict', 'onnxruntime', 'predict');
      show('torch predict', 'torch', 'predict');
      return [shape, cells];
    }),
  ),
);
console.table(
  Object.fromEntries(
    shapes.map(nameOf).map((shape) => {
      const figure: Figure = best.get(`memcell ${shape}`)?.document === undefined ? 'train' : 'document';
      const goals = GOALS[shape];
      return [
        shape,
        {
          'train vs PyTorch': ratio(best, shape, 'torch', figure, goals?.torch, wide),
          'train vs Keras': ratio(best, shape, 'keras-tensorflow', figure, goals?.keras, wide),
          'predict vs ONNX Runtime': ratio(best, shape, 'onnxruntime', 'predict', goals?.onnx, wide),
        },
      ];
    }),
  ),
);
