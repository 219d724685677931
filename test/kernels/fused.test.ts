import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type LstmShape, lstmBackward, lstmForward, lstmSizes } from '../../src/kernels/fused.js';
import { instantiateKernels, type Speed, supportsRelaxedSimd } from '../../src/kernels/module.js';
import * as reference from '../../src/kernels/reference.js';
import { Random } from '../../src/random.js';
import { Arena } from './arena.js';

const OUTPUT_TOLERANCE = 1e-5;
const GRADIENT_TOLERANCE = 1e-4;
const speeds: Speed[] = supportsRelaxedSimd() ? ['plain', 'relaxed', 'wide'] : ['plain'];

interface Case extends LstmShape {
  seed: number;
  goBackwards: boolean;
  masked: boolean;
  useBias: boolean;
  initialState: boolean;
  wantInputGradient: boolean;
  outputs: ('y' | 'last' | 'h' | 'c')[];
}

const outputNames = ['y', 'last', 'h', 'c'] as const;
const allOutputs: Case['outputs'] = [...outputNames];

const normal = (random: Random, length: number, scale: number) =>
  Float64Array.from({ length }, () => Math.fround(scale * random.normal()));

/** Values of a case in double precision, rounded to what float32 holds. */
function drawOperands(settings: Case) {
  const { batch, steps, inputs, units } = settings;
  const random = new Random(settings.seed);
  const draw = (length: number, scale: number) => normal(random, length, scale);
  const scale = 1 / Math.sqrt(units);
  const operands: reference.LSTMOperands = {
    x: draw(batch * steps * inputs, 1),
    kernel: draw(inputs * 4 * units, 1 / Math.sqrt(inputs)),
    recurrentKernel: draw(units * 4 * units, scale),
  };
  if (settings.useBias) operands.bias = draw(4 * units, 0.5);
  if (settings.initialState) {
    operands.initialH = draw(batch * units, 0.5);
    operands.initialC = draw(batch * units, 0.5);
  }
  if (settings.masked) operands.mask = Uint8Array.from({ length: batch * steps }, () => Number(random.uniform() < 0.6));
  const lengths = { y: batch * steps * units, last: batch * units, h: batch * units, c: batch * units };
  const gradients: Partial<reference.LSTMOutputs> = {};
  for (const name of settings.outputs) gradients[name] = draw(lengths[name], 0.5);
  return { operands, gradients, lengths };
}

/** Runs the kernel on NaN-filled workspaces and outputs between guards; several buffers start at odd multiples of 4 bytes. */
function runFused(speed: Speed, settings: Case, drawn: ReturnType<typeof drawOperands>, training = true, shift = 0) {
  const { operands, gradients, lengths } = drawn;
  const { batch, steps, inputs, units, goBackwards } = settings;
  const shape = { batch, steps, inputs, units };
  const sizes = lstmSizes(shape, { training });
  const total = sizes.saved + sizes.forwardScratch + sizes.backwardScratch;
  const arena = new Arena(2 * total + 64 * (batch * steps + units + 8) * (inputs + units + 8) + (1 << 16));
  const kernels = instantiateKernels(arena.memory, { speed });
  arena.reserve(shift);
  const put = (values?: ArrayLike<number>) => (values ? arena.floats(values) : 0);
  const out = (name: 'y' | 'last' | 'h' | 'c') =>
    settings.outputs.includes(name) ? arena.reserve(4 * lengths[name]) : 0;
  const mask = operands.mask ? arena.bytes(operands.mask) : 0;
  const [h0, c0] = [put(operands.initialH), put(operands.initialC)];
  const saved = arena.reserve(sizes.saved);
  const outputs = { y: out('y'), last: out('last'), h: out('h'), c: out('c') };
  lstmForward(kernels, arena.memory, {
    shape,
    training,
    goBackwards,
    x: put(operands.x),
    kernel: put(operands.kernel),
    recurrentKernel: put(operands.recurrentKernel),
    bias: put(operands.bias),
    h0,
    c0,
    mask,
    sequences: outputs.y,
    last: outputs.last,
    hT: outputs.h,
    cT: outputs.c,
    saved,
    scratch: arena.reserve(sizes.forwardScratch),
  });
  arena.expectGuardsWhole();
  const results: Record<string, Float32Array> = {};
  for (const name of settings.outputs) results[name] = arena.read(outputs[name], lengths[name]);
  if (!training) return results;

  const dx = settings.wantInputGradient ? arena.reserve(4 * batch * steps * inputs) : 0;
  const dKernel = arena.reserve(16 * inputs * units);
  const dRecurrentKernel = arena.reserve(16 * units * units);
  const dBias = settings.useBias ? arena.reserve(16 * units) : 0;
  const dh0 = settings.initialState ? arena.reserve(4 * batch * units) : 0;
  const dc0 = settings.initialState ? arena.reserve(4 * batch * units) : 0;
  const call = {
    shape,
    goBackwards,
    mask,
    h0,
    dSequences: put(gradients.y),
    dLast: put(gradients.last),
    dhT: put(gradients.h),
    dcT: put(gradients.c),
    dx,
    dKernel,
    dRecurrentKernel,
    dBias,
    dh0,
    dc0,
    saved,
    scratch: arena.reserve(sizes.backwardScratch),
  };
  lstmBackward(kernels, arena.memory, call);
  arena.expectGuardsWhole();
  const readGradients = () => ({
    ...(dx && { x: arena.read(dx, batch * steps * inputs) }),
    kernel: arena.read(dKernel, 4 * inputs * units),
    recurrentKernel: arena.read(dRecurrentKernel, 4 * units * units),
    ...(dBias && { bias: arena.read(dBias, 4 * units) }),
    ...(dh0 && { initialH: arena.read(dh0, batch * units) }),
    ...(dc0 && { initialC: arena.read(dc0, batch * units) }),
  });
  const first = readGradients();
  // Backward leaves what forward saved as it was: a second run gives the same bits.
  arena.poison(call.scratch, sizes.backwardScratch);
  lstmBackward(kernels, arena.memory, call);
  expect(readGradients()).toEqual(first);
  return { ...results, ...Object.fromEntries(Object.entries(first).map(([name, values]) => [`d ${name}`, values])) };
}

function runReference(settings: Case, drawn: ReturnType<typeof drawOperands>): Record<string, reference.Floats> {
  const { operands, gradients } = drawn;
  const { goBackwards } = settings;
  const buffer = new Float64Array(reference.workspaceLength(settings));
  const workspace = reference.layOutWorkspace(buffer, settings);
  const outputs = reference.lstmForward(operands, settings, { goBackwards }, workspace);
  const back = reference.lstmBackward(gradients, operands, settings, { goBackwards }, workspace);
  return { ...outputs, ...Object.fromEntries(Object.entries(back).map(([name, values]) => [`d ${name}`, values])) };
}

/** Every fused result is there, finite, and within the tolerance (gradients: relative to their largest value, if above 1). */
function expectClose(actual: Record<string, Float32Array>, expected: Record<string, reference.Floats>): void {
  for (const [name, values] of Object.entries(actual)) {
    const wanted = expected[name];
    expect(values.length).toBe(wanted.length);
    const largest = Math.max(1, ...Array.from(wanted, Math.abs));
    const tolerance = name.startsWith('d ') ? GRADIENT_TOLERANCE * largest : OUTPUT_TOLERANCE;
    const worst = values.findIndex((value, index) => !(Math.abs(value - wanted[index]) <= tolerance));
    if (worst >= 0) throw new Error(`${name}[${worst}] is ${values[worst]}, expected ${wanted[worst]}`);
  }
}

function check(speed: Speed, settings: Case): void {
  const drawn = drawOperands(settings);
  const expected = runReference(settings, drawn);
  const trained = runFused(speed, settings, drawn);
  expectClose(trained, expected);
  const predicted = runFused(speed, settings, drawn, false);
  for (const name of settings.outputs) expect(predicted[name]).toEqual(trained[name]);
}

const flags = {
  seed: fc.integer(),
  goBackwards: fc.boolean(),
  masked: fc.boolean(),
  useBias: fc.boolean(),
  initialState: fc.boolean(),
  wantInputGradient: fc.boolean(),
  outputs: fc.subarray(allOutputs, { minLength: 1 }),
};
const whole = {
  seed: 5,
  goBackwards: false,
  masked: false,
  useBias: true,
  initialState: false,
  wantInputGradient: true,
};

describe.each(speeds)('%s kernel against the reference, outputs within 1e-5, gradients within 1e-4', (speed) => {
  test('random shapes around every vector and tile width, all options', () => {
    fc.assert(
      fc.property(
        fc.record({
          ...flags,
          batch: fc.integer({ min: 1, max: 14 }),
          steps: fc.integer({ min: 1, max: 5 }),
          inputs: fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33),
          units: fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33),
        }),
        (settings) => check(speed, settings),
      ),
      { numRuns: 80 },
    );
  });

  test.each([
    [1, 1, 1, 50],
    [1, 100, 1, 50],
    [2, 300, 3, 9], // more rows over time than one block takes
    [300, 3, 2, 7], // more rows in one step than one block takes
    [32, 7, 16, 64], // rows of a length that is padded against cache conflicts
    [13, 3, 63, 128],
  ])('B=%i T=%i I=%i U=%i', (batch, steps, inputs, units) => {
    check(speed, { ...whole, outputs: allOutputs, batch, steps, inputs, units });
    check(speed, { ...whole, masked: true, initialState: true, outputs: ['y', 'c'], batch, steps, inputs, units });
  });

  test('rows that are masked throughout give zeros as output and keep their state', () => {
    const settings: Case = {
      ...whole,
      masked: true,
      initialState: true,
      outputs: allOutputs,
      batch: 3,
      steps: 4,
      inputs: 2,
      units: 9,
    };
    const drawn = drawOperands(settings);
    drawn.operands.mask = Uint8Array.of(0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 1, 1);
    const actual = runFused(speed, settings, drawn);
    expectClose(actual, runReference(settings, drawn));
    expect(actual.last.slice(0, 9).every((value) => value === 0)).toBe(true);
    expect(actual.h.slice(0, 9)).toEqual(Float32Array.from(drawn.operands.initialH ?? []).slice(0, 9));
  });

  test('large inputs saturate, NaN stays NaN in its row', () => {
    const settings: Case = { ...whole, outputs: ['y'], batch: 2, steps: 3, inputs: 1, units: 9 };
    const drawn = drawOperands(settings);
    drawn.operands.x.set([1e4, -1e4, 1e30, 1, 1, 1]);
    expectClose(runFused(speed, settings, drawn), runReference(settings, drawn));
    drawn.operands.x.set([1, Number.NaN, 1]);
    const { y } = runFused(speed, settings, drawn, false);
    expect([...y].map(Number.isNaN)).toEqual([...y.keys()].map((index) => index >= 9 && index < 27));
  });

  test('a recurrent dropout mask acts as a scaled recurrent kernel (B = 1)', () => {
    const shape = { batch: 1, steps: 6, inputs: 3, units: 13 };
    const settings: Case = { ...whole, ...shape, outputs: allOutputs, masked: true, initialState: true };
    const drawn = drawOperands(settings);
    const { operands, gradients } = drawn;
    const factors = Float64Array.from({ length: 13 }, (_, u) => (u % 3 === 0 ? 0 : 1.5));
    const scaled = operands.recurrentKernel.map((value, index) => value * factors[Math.floor(index / 52)]);
    const expected = runReference(settings, { ...drawn, operands: { ...operands, recurrentKernel: scaled } });
    expected['d recurrentKernel'] = expected['d recurrentKernel'].map(
      (value, index) => value * factors[Math.floor(index / 52)],
    );

    const arena = new Arena(1 << 20);
    const kernels = instantiateKernels(arena.memory, { speed });
    const sizes = lstmSizes(shape, { training: true });
    const common = {
      shape,
      mask: arena.bytes(operands.mask ?? []),
      h0: arena.floats(operands.initialH ?? []),
      recurrentDropout: arena.floats(factors),
      saved: arena.reserve(sizes.saved),
    };
    const out = { y: arena.reserve(6 * 13 * 4), h: arena.reserve(13 * 4), c: arena.reserve(13 * 4) };
    lstmForward(kernels, arena.memory, {
      ...common,
      training: true,
      x: arena.floats(operands.x),
      kernel: arena.floats(operands.kernel),
      recurrentKernel: arena.floats(operands.recurrentKernel),
      bias: arena.floats(operands.bias ?? []),
      c0: arena.floats(operands.initialC ?? []),
      sequences: out.y,
      hT: out.h,
      cT: out.c,
      scratch: arena.reserve(sizes.forwardScratch),
    });
    const d = { kernel: arena.reserve(3 * 52 * 4), recurrent: arena.reserve(13 * 52 * 4), h0: arena.reserve(13 * 4) };
    lstmBackward(kernels, arena.memory, {
      ...common,
      dSequences: arena.floats(gradients.y ?? []),
      dLast: arena.floats(gradients.last ?? []),
      dhT: arena.floats(gradients.h ?? []),
      dcT: arena.floats(gradients.c ?? []),
      dKernel: d.kernel,
      dRecurrentKernel: d.recurrent,
      dh0: d.h0,
      scratch: arena.reserve(sizes.backwardScratch),
    });
    arena.expectGuardsWhole();
    expectClose(
      {
        y: arena.read(out.y, 6 * 13),
        h: arena.read(out.h, 13),
        c: arena.read(out.c, 13),
        'd kernel': arena.read(d.kernel, 3 * 52),
        'd recurrentKernel': arena.read(d.recurrent, 13 * 52),
        'd initialH': arena.read(d.h0, 13),
      },
      expected,
    );
  });
});

test('workspaces may start at any multiple of 4 bytes', () => {
  const settings: Case = { ...whole, outputs: ['y'], batch: 3, steps: 2, inputs: 5, units: 6 };
  const drawn = drawOperands(settings);
  const expected = runReference(settings, drawn);
  for (let shift = 0; shift < 64; shift += 4) expectClose(runFused('plain', settings, drawn, true, shift), expected);
});
