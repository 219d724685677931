/**
 * Speed of the kernels' tiles and of the fused LSTM, in GFLOP/s and as a share of this machine's own peak, a multiply-add loop in
 * registers. Results are verified before anything is timed; times are the shortest of many short runs.
 *
 *     node scripts/run-ts.mjs bench/tiles.ts [plain|relaxed|wide]
 *
 * Forward counts 2·B·T·(I+U)·4U flops, backward twice that; packing of weights and gradients is in the times.
 */
import { type LstmShape, lstmBackward, lstmForward, lstmSizes } from '../src/kernels/fused.js';
import { instantiateKernels, type KernelExports, type Speed } from '../src/kernels/module.js';
import * as reference from '../src/kernels/reference.js';
import { enableWide } from '../src/kernels/wide.js';
import { Random } from '../src/random.js';

const SHAPES = [
  [1, 1, 1, 50],
  [1, 100, 1, 50],
  [32, 50, 16, 64],
  [64, 100, 64, 256],
  [128, 50, 128, 512],
];

/** Consecutive buffers from 1024 on, 64-byte aligned. */
function allocator() {
  let end = 1024;
  return {
    take(bytes: number): number {
      const address = end;
      end += Math.ceil(bytes / 64) * 64;
      return address;
    },
    memory: () => new WebAssembly.Memory({ initial: Math.ceil(end / 65536) }),
  };
}

/** Seconds of the fastest run, from runs of about a millisecond over `seconds`. */
function fastest(run: () => void, seconds = 0.5): number {
  for (const warm = performance.now(); performance.now() - warm < 100; ) run();
  const once = performance.now();
  run();
  const repeat = Math.max(1, Math.round(1 / Math.max(performance.now() - once, 1e-4)));
  let best = Number.POSITIVE_INFINITY;
  for (const start = performance.now(); performance.now() - start < 1000 * seconds; ) {
    const from = performance.now();
    for (let i = 0; i < repeat; i++) run();
    best = Math.min(best, (performance.now() - from) / repeat);
  }
  return best / 1000;
}

const gigaflops = (flops: number, seconds: number) => (flops / seconds / 1e9).toFixed(1).padStart(6);

function measurePeak(speed: Speed): number {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { exports } = instantiateKernels(memory, { speed });
  const rounds = 10_000;
  const sums = { plain: 10, relaxed: 12, wide: 24 }[speed];
  const run = speed === 'wide' ? exports.peakWide : exports.peak;
  return (8 * sums * rounds) / fastest(() => run(rounds, 1024)) / 1e9;
}

function benchTiles(speed: Speed): void {
  const k = 320;
  const { take, memory: allocate } = allocator();
  const [a, b, c] = [take(4 * 6 * (k + 8)), take(4 * 32 * k), take(4 * 32 * 6)];
  const at = take(4 * (k + 8) * k);
  const memory = allocate();
  const floats = new Float32Array(memory.buffer);
  const random = new Random(1);
  for (let i = 256; i < floats.length; i++) floats[i] = random.normal();
  const { exports, wide } = instantiateKernels(memory, { speed });
  const row = 4 * (k + 8);
  console.log('tile rows      A·B    Aᵀ·B');
  for (let m = 1; m <= 6; m++) {
    const product = () => exports.product(2, m, k, a, row, b, 64 * k, c, 128, 64, false, wide);
    const outer = () => exports.outerProduct(2, m, k, at, row, b, 64 * k, c, 64 * m, false, wide);
    product();
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < 32; j++) {
        let sum = 0;
        for (let l = 0; l < k; l++) {
          sum += floats[a / 4 + i * (k + 8) + l] * floats[b / 4 + Math.floor(j / 16) * 16 * k + l * 16 + (j % 16)];
        }
        if (!(Math.abs(floats[c / 4 + i * 32 + j] - sum) < 1e-3)) throw new Error(`tile of ${m} rows: wrong sum`);
      }
    }
    const flops = 2 * 32 * m * k;
    console.log(
      `${String(m).padStart(9)}   ${gigaflops(flops, fastest(product, 0.15))}  ${gigaflops(flops, fastest(outer, 0.15))}`,
    );
  }
}

/** A layer with drawn weights and inputs in its own memory. */
function layer(kernels: (memory: WebAssembly.Memory) => KernelExports, shape: LstmShape) {
  const { batch, steps, inputs, units } = shape;
  const sizes = lstmSizes(shape, { training: true });
  const lengths = {
    x: batch * steps * inputs,
    kernel: inputs * 4 * units,
    recurrentKernel: units * 4 * units,
    bias: 4 * units,
    dSequences: batch * steps * units,
    sequences: batch * steps * units,
    dx: batch * steps * inputs,
    dKernel: inputs * 4 * units,
    dRecurrentKernel: units * 4 * units,
    dBias: 4 * units,
  };
  const { take, memory: allocate } = allocator();
  const address = { ...lengths };
  for (const [name, length] of Object.entries(lengths)) Object.assign(address, { [name]: take(4 * length) });
  const saved = take(sizes.saved);
  const predictScratch = lstmSizes(shape, { training: false }).forwardScratch;
  const scratch = take(Math.max(sizes.forwardScratch, sizes.backwardScratch, predictScratch));
  const memory = allocate();
  const view = (name: keyof typeof lengths) => new Float32Array(memory.buffer, address[name], lengths[name]);
  const random = new Random(2);
  const draw = (name: keyof typeof lengths, scale: number) => {
    const values = view(name);
    for (let i = 0; i < values.length; i++) values[i] = scale * random.normal();
  };
  draw('x', 1);
  draw('kernel', 1 / Math.sqrt(inputs + units));
  draw('recurrentKernel', 1 / Math.sqrt(inputs + units));
  draw('bias', 0.1);
  draw('dSequences', 0.1);
  const instance = kernels(memory);
  const call = { shape, ...address, saved, scratch };
  return {
    view,
    forward: () => lstmForward(instance, memory, { ...call, training: true }),
    predict: () => lstmForward(instance, memory, { ...call, training: false }),
    backward: () => lstmBackward(instance, memory, call),
  };
}

/** The same shape with two steps against the reference: largest difference relative to the largest value. */
function verify(kernels: (memory: WebAssembly.Memory) => KernelExports, shape: LstmShape): number {
  const short = { ...shape, steps: Math.min(shape.steps, 2) };
  const { view, forward, backward } = layer(kernels, short);
  forward();
  backward();
  const operands = {
    x: view('x'),
    kernel: view('kernel'),
    recurrentKernel: view('recurrentKernel'),
    bias: view('bias'),
  };
  const workspace = reference.layOutWorkspace(new Float32Array(reference.workspaceLength(short)), short);
  const { y } = reference.lstmForward(operands, short, {}, workspace);
  const gradients = reference.lstmBackward({ y: view('dSequences') }, operands, short, {}, workspace);
  const pairs = [
    [view('sequences'), y],
    [view('dx'), gradients.x],
    [view('dKernel'), gradients.kernel],
    [view('dRecurrentKernel'), gradients.recurrentKernel],
    [view('dBias'), gradients.bias],
  ];
  let worst = 0;
  for (const [actual, expected] of pairs) {
    let largest = 1e-3;
    for (const value of expected) largest = Math.max(largest, Math.abs(value));
    actual.forEach((value, index) => {
      const difference = Math.abs(value - expected[index]) / largest;
      if (!(difference <= 1e-4)) throw new Error(`${Object.values(short)}: ${value}, expected ${expected[index]}`);
      worst = Math.max(worst, difference);
    });
  }
  return worst;
}

const asked = process.argv[2];
let speeds: (Speed | undefined)[] = [undefined];
if (asked === 'plain' || asked === 'relaxed' || asked === 'wide') speeds = [asked];
if (asked === 'wide' || asked === undefined) {
  const { enabled, reason } = await enableWide();
  console.log(`wide: ${enabled ? 'on' : 'off'}, ${reason}`);
  if (asked === 'wide' && !enabled) process.exit(1);
}
for (const speed of speeds) {
  const kernels = (memory: WebAssembly.Memory) => instantiateKernels(memory, { speed });
  const chosen = kernels(new WebAssembly.Memory({ initial: 1 })).speed;
  const peak = measurePeak(chosen);
  console.log(`Node ${process.versions.node}, ${chosen}: peak ${peak.toFixed(1)} GFLOP/s`);
  benchTiles(chosen);
  console.log('B,T,I,U          verified   predict   forward  backward  forward+backward   µs   of peak');
  for (const [batch, steps, inputs, units] of SHAPES) {
    const shape = { batch, steps, inputs, units };
    const worst = verify(kernels, shape);
    const { forward, predict, backward } = layer(kernels, shape);
    const flops = 2 * batch * steps * (inputs + units) * 4 * units;
    const predicting = fastest(predict);
    forward();
    const [ahead, back] = [fastest(forward), fastest(backward)];
    const both = (3 * flops) / (ahead + back) / 1e9;
    console.log(
      [
        [batch, steps, inputs, units].join().padEnd(15),
        worst.toExponential(0).padStart(9),
        gigaflops(flops, predicting).padStart(9),
        gigaflops(flops, ahead).padStart(9),
        gigaflops(2 * flops, back).padStart(9),
        both.toFixed(1).padStart(12),
        (1e6 * (ahead + back)).toFixed(1).padStart(12),
        `${Math.round((100 * both) / peak)} %`.padStart(9),
      ].join(' '),
    );
  }
}
