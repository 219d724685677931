import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { MemcellError } from '../../../src/errors.js';
import { onnxFile } from '../../../src/formats/onnx/onnxFile.js';
import { decodeModel, encodeModel, type NodeProto, type TensorProto } from '../../../src/formats/onnx/proto.js';
import { readOnnx } from '../../../src/formats/onnx/read.js';
import { floatTensor, intTensor } from '../../../src/formats/onnx/tensors.js';
import { writeOnnx } from '../../../src/formats/onnx/write.js';
import { readSafetensors } from '../../../src/formats/torch/safetensors.js';
import { Dense, LSTM } from '../../../src/layers/index.js';
import { loadModel, Sequential } from '../../../src/sequential.js';
import { contentsOf, draws } from './runtime.js';

const fixtures = join(dirname(fileURLToPath(import.meta.url)), '../../fixtures');
const bytesOf = (path: string) => new Uint8Array(readFileSync(join(fixtures, path)));

/** Bytes with some changed, cut out or put in. */
function mutated(bytes: Uint8Array, seed: number): Uint8Array {
  const draw = draws(seed * 7919 + 1);
  const whole = (below: number) => Math.floor(draw(0, below));
  const made = [...bytes];
  for (let change = 0; change <= whole(4); change++) {
    const at = whole(made.length);
    const kind = whole(5);
    if (kind === 0) made[at] = whole(256);
    else if (kind === 1) made[at] ^= 1 << whole(8);
    else if (kind === 2) made.splice(at, 1 + whole(20));
    else if (kind === 3)
      made.splice(at, 0, ...Array.from({ length: 1 + whole(9) }, () => (whole(2) ? 255 : whole(256))));
    else made.length = at;
  }
  return Uint8Array.from(made);
}

/** Whether it loads; anything but a MemcellError of one line is a fault. */
async function loads(read: () => Promise<unknown>): Promise<boolean> {
  try {
    await read();
    return true;
  } catch (error) {
    if (!(error instanceof MemcellError)) throw error;
    expect(error.message).not.toMatch(/\n|\[object/);
    expect(error.message.length).toBeLessThan(2000);
    return false;
  }
}

/** A file of a graph from x [batch, steps, 3] to y. */
function graphOf(node: NodeProto[], initializer: TensorProto[] = [], steps?: number): Uint8Array {
  const dim = [{ param: 'batch' }, steps === undefined ? { param: 'steps' } : { value: steps }, { value: 3 }];
  const tensorType = { elemType: 1, shape: { dim } };
  return encodeModel({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 18 }],
    graph: { name: 'g', node, initializer, input: [{ name: 'x', type: { tensorType } }], output: [{ name: 'y' }] },
  });
}

describe('hostile files', () => {
  it('are refused in one line, or loaded', async () => {
    const model = new Sequential([LSTM(4, { inputShape: [null, 3] }), Dense(2)], { seed: 1 });
    const own = (await writeOnnx(await contentsOf(model))).bytes;
    const files = readdirSync(join(fixtures, 'onnx')).filter((name) => name.endsWith('.legacy.onnx'));
    const seeds = Number(process.env.MEMCELL_TEST_MUTATIONS ?? 300);
    let loaded = 0;
    for (let seed = 0; seed < seeds; seed++) {
      const bytes = seed % 4 === 0 ? own : bytesOf(`onnx/${files[seed % files.length]}`);
      if (await loads(async () => (await loadModel(mutated(bytes, seed))).dispose())) loaded++;
    }
    expect(loaded).toBeGreaterThan(0);
    expect(loaded).toBeLessThan(seeds);
  });

  it('are known by a version, which is small, and one of the fields that may follow it', () => {
    const isOnnx = (...bytes: number[]) => onnxFile.recognises(Uint8Array.from(bytes));
    expect(isOnnx(0x08, 9, 0x12)).toBe(true);
    for (const other of [
      [0x08, 0, 0x12],
      [0x08, 64, 0x12],
      [0x08, 9, 0x4a],
      [0x0a, 9, 0x12],
    ])
      expect(isOnnx(...other)).toBe(false);
  });

  it('are refused where an operator of numbers has too few of them', async () => {
    for (const [opType, needed] of [
      ['Gather', 2],
      ['Expand', 2],
      ['Where', 3],
      ['Add', 2],
    ] as const) {
      const nodes = [
        { opType, name: 'few', input: ['w'], output: ['v'] },
        { opType: 'Mul', name: 'product', input: ['x', 'v'], output: ['y'] },
      ];
      await expect(loadModel(graphOf(nodes, [floatTensor('w', [3], [1, 2, 3])]))).rejects.toThrow(
        `it has 1 input of the ${needed} that it needs`,
      );
    }
  });

  it('are refused in one line, or loaded: safetensors', async () => {
    const bytes = bytesOf('torch/lstm2-linear.safetensors');
    const seeds = Number(process.env.MEMCELL_TEST_MUTATIONS ?? 300);
    for (let seed = 0; seed < seeds; seed++) await loads(async () => readSafetensors(mutated(bytes, seed), 'file'));
  });

  const refused: Record<string, [Uint8Array, string]> = {
    'a tensor of more numbers than it has': [
      graphOf(
        [{ opType: 'MatMul', input: ['x', 'W'], output: ['y'] }],
        [{ name: 'W', dims: [1e6, 1e6], dataType: 1, rawData: new Uint8Array(8) }],
      ),
      'the model: tensor "W": shape [1000000,1000000] is 1000000000000 numbers, but 2 are there',
    ],
    'numbers in another file': [
      graphOf(
        [{ opType: 'MatMul', input: ['x', 'W'], output: ['y'] }],
        [
          {
            name: 'W',
            dims: [3, 2],
            dataType: 1,
            dataLocation: 1,
            externalData: [{ key: 'location', value: '../../etc/passwd' }],
          },
        ],
      ),
      'the model: tensor "W": its numbers are in another file (external data); save the model as one file (PyTorch: external_data=False; else onnx.save(onnx.load(path), path))',
    ],
    'numbers without end': [
      graphOf(
        [
          { opType: 'ConstantOfShape', input: ['s'], output: ['big'], name: 'zeros' },
          { opType: 'Neg', input: ['big'], output: ['more'], name: 'neg' },
          {
            opType: 'Concat',
            input: ['more', 'more'],
            output: ['W'],
            name: 'join',
            attribute: [{ name: 'axis', i: 0, type: 2 }],
          },
          { opType: 'MatMul', input: ['x', 'W'], output: ['y'] },
        ],
        [intTensor('s', [2], [1e6, 1e6])],
      ),
      'the model: it asks for more numbers than a file of its size can hold',
    ],
    'nodes that read each other in a circle': [
      graphOf([
        { opType: 'Relu', input: ['b'], output: ['a'], name: 'one' },
        { opType: 'Relu', input: ['a'], output: ['b'], name: 'two' },
        { opType: 'Relu', input: ['b'], output: ['y'], name: 'three' },
      ]),
      'the model: no node gives "b", or nodes read each other in a circle',
    ],
    'an operator that no layer is': [
      graphOf([{ opType: 'Sin', input: ['x'], output: ['y'], name: 'wave' }]),
      'the model: node "wave" (Sin): memcell reads no such operator; export the model without it, or build its layers and read their weights with loadWeights',
    ],
    'a loop': [
      graphOf([{ opType: 'Loop', input: ['', '', 'x'], output: ['y'], name: 'while' }]),
      'the model: node "while" (Loop): it runs a graph of its own, step by step; export the model so that its layers are operators (LSTM, GRU, RNN)',
    ],
    'an operator of somebody else': [
      graphOf([{ opType: 'Attention', domain: 'com.microsoft', input: ['x'], output: ['y'], name: 'att' }]),
      'the model: node "att" (Attention): it is of the domain "com.microsoft", which memcell does not read; export the model without it, or build its layers and read their weights with loadWeights',
    ],
    'weights of other sizes than the input': [
      graphOf(
        [{ opType: 'MatMul', input: ['x', 'W'], output: ['y'], name: 'product' }],
        [floatTensor('W', [4, 2], new Float32Array(8))],
      ),
      'the model: node "product" (MatMul): its weights are for 4 features and 3 come in; the file is damaged, or its graph is none: check it with onnx.checker, or export it again',
    ],
    peepholes: [
      graphOf(
        [
          { opType: 'Transpose', input: ['x'], output: ['t'], attribute: [{ name: 'perm', ints: [1, 0, 2], type: 7 }] },
          { opType: 'LSTM', input: ['t', 'W', 'R', '', '', '', '', 'P'], output: ['', 'y'], name: 'cells' },
        ],
        [
          floatTensor('W', [1, 4, 3], new Float32Array(12)),
          floatTensor('R', [1, 4, 1], new Float32Array(4)),
          floatTensor('P', [1, 3], new Float32Array(3).fill(1)),
        ],
      ),
      'the model: node "cells" (LSTM): P: peepholes, which no layer of Keras has; export the model without it, or build its layers and read their weights with loadWeights',
    ],
  };
  for (const [what, [bytes, message]] of Object.entries(refused)) {
    it(`are refused for ${what}`, async () => {
      await expect(loadModel(bytes)).rejects.toMatchObject({ name: 'MemcellError', code: 'model', message });
    });
  }

  it('cannot make more of what memcell keeps in them than their weights', async () => {
    const model = new Sequential([Dense(2, { inputShape: [3] })], { seed: 1 });
    const file = decodeModel((await writeOnnx(await contentsOf(model))).bytes);
    for (const prop of file.metadataProps ?? []) prop.value = prop.value?.replace('"units":2', '"units":2000000000');
    await expect(loadModel(encodeModel(file))).rejects.toMatchObject({ name: 'MemcellError', code: 'model' });
    await expect(readOnnx(new Uint8Array(0), 'nothing')).rejects.toMatchObject({
      message: 'nothing: not an ONNX file: it has no graph',
    });
  });
});

describe('graphs by hand', () => {
  const x = [
    [
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ],
  ];
  const computed = async (node: NodeProto[], initializer: TensorProto[], steps?: number) => {
    const model = await loadModel(graphOf(node, initializer, steps));
    const y = await model.predict<number[][]>(x);
    model.dispose();
    return y;
  };
  const node = (opType: string, input: string[], output: string, attribute: NodeProto['attribute'] = []) => ({
    opType,
    input,
    output: [output],
    attribute,
  });
  const int = (name: string, i: number) => ({ name, type: 2, i });
  const ints = (name: string, values: number[]) => ({ name, type: 7, ints: values });

  it('the last and the first step, taken by their number alone or in a list of one', async () => {
    for (const [step, expected] of [
      [-1, x[0][2]],
      [0, x[0][0]],
      [2, x[0][2]],
    ] as const) {
      const gather = (output: string) => node('Gather', ['x', 'at'], output, [int('axis', 1)]);
      expect(await computed([gather('y')], [intTensor('at', [], [step])], 3)).toEqual([expected]);
      for (const [dataType, bits] of [
        [6, Int32Array.of(step)],
        [7, BigInt64Array.of(BigInt(step))],
      ] as const) {
        const raw = { name: 'at', dims: [], dataType, rawData: new Uint8Array(bits.buffer) };
        expect(await computed([gather('y')], [raw], 3)).toEqual([expected]);
      }
      const listed = [gather('one'), node('Squeeze', ['one', 'axes'], 'y')];
      const initializers = [intTensor('at', [1], [step]), intTensor('axes', [1], [1])];
      expect(await computed(listed, initializers, 3)).toEqual([expected]);
    }
  });

  it('the first step of a recurrent layer, and its last', async () => {
    // h_t = tanh(x_t1 − x_t2 / 2 + h_(t−1) / 4)
    const states: number[] = [];
    for (const [a, b] of x[0]) states.push(Math.tanh(a - b / 2 + (states.at(-1) ?? 0) / 4));
    const nodes = [
      node('Transpose', ['x'], 'sequence', [ints('perm', [1, 0, 2])]),
      node('RNN', ['sequence', 'W', 'R'], 'Y', [int('hidden_size', 1)]),
      node('Squeeze', ['Y', 'directions'], 'states'),
      node('Gather', ['states', 'at'], 'y', [int('axis', 0)]),
    ];
    const weights = [floatTensor('W', [1, 1, 3], [1, -0.5, 0]), floatTensor('R', [1, 1, 1], [0.25])];
    for (const step of [0, -1]) {
      const numbers = [intTensor('directions', [1], [1]), intTensor('at', [], [step])];
      const [[y]] = await computed(nodes, [...weights, ...numbers]);
      expect(y).toBeCloseTo(states.at(step) ?? 0, 6);
    }
  });

  it('sequences put back by their lengths, where it is their order that undoes it', async () => {
    const file = decodeModel(bytesOf('onnxGraphs/packed.onnx'));
    const nodes = file.graph?.node ?? [];
    const [lengths] = nodes.find(({ opType }) => opType === 'TopK')?.output ?? [];
    for (const back of nodes.filter(({ opType }) => opType === 'ScatterElements')) {
      const [data, , updates] = back.input ?? [];
      back.input = [data, lengths, updates];
    }
    await expect(loadModel(encodeModel(file))).rejects.toThrow('computes with the lengths of the sequences');
  });

  it('a vector for each place added to states of a layer that goes backwards', async () => {
    // h_t = tanh(x_t1 − x_t2 / 2 + h_(t+1) / 4) + 10 (t + 1)
    const states: number[] = [];
    for (const [a, b] of [...x[0]].reverse()) states.unshift(Math.tanh(a - b / 2 + (states[0] ?? 0) / 4));
    const nodes = [
      node('Transpose', ['x'], 'sequence', [ints('perm', [1, 0, 2])]),
      node('RNN', ['sequence', 'W', 'R'], 'Y', [
        int('hidden_size', 1),
        { name: 'direction', type: 3, s: new TextEncoder().encode('reverse') },
      ]),
      node('Squeeze', ['Y', 'directions'], 'states'),
      node('Add', ['states', 'places'], 'placed'),
      node('Gather', ['placed', 'at'], 'y', [int('axis', 0)]),
    ];
    const weights = [
      floatTensor('W', [1, 1, 3], [1, -0.5, 0]),
      floatTensor('R', [1, 1, 1], [0.25]),
      floatTensor('places', [3, 1, 1], [10, 20, 30]),
    ];
    for (const step of [0, -1]) {
      const numbers = [intTensor('directions', [1], [1]), intTensor('at', [], [step])];
      const [[y]] = await computed(nodes, [...weights, ...numbers], 3);
      expect(y).toBeCloseTo((states.at(step) ?? 0) + (step === 0 ? 10 : 30), 5);
    }
  });

  it('a recurrent layer written out step by step, its steps taken from the axis of time and no other', async () => {
    const states: number[] = [];
    for (const [a, b] of x[0]) states.push(Math.tanh(a - b / 2 + (states.at(-1) ?? 0) / 4));
    const steps = [0, 1, 2];
    const written = (perm: number[], axis: number) => [
      node('Transpose', ['x'], 'sequence', [ints('perm', perm)]),
      node('MatMul', ['sequence', 'W'], 'in'),
      ...steps.flatMap((t) => [
        node('Gather', ['in', `at${t}`], `in${t}`, [int('axis', axis)]),
        node('MatMul', [t === 0 ? 'h' : `state${t - 1}`, 'R'], `back${t}`),
        node('Add', [`back${t}`, `in${t}`], `sum${t}`),
        node('Tanh', [`sum${t}`], `state${t}`),
      ]),
      node(
        'Concat',
        steps.map((t) => `state${t}`),
        'states',
        [int('axis', 0)],
      ),
      node('Gather', ['states', 'at2'], 'y', [int('axis', 0)]),
    ];
    const constants = [
      floatTensor('W', [3, 1], [1, -0.5, 0]),
      floatTensor('R', [1, 1], [0.25]),
      floatTensor('h', [1, 1, 1], [0]),
      ...steps.map((t) => intTensor(`at${t}`, [], [t])),
    ];
    const [[y]] = await computed(written([1, 0, 2], 0), constants, 3);
    expect(y).toBeCloseTo(states[2], 6);
    for (const perm of [
      [0, 1, 2],
      [1, 0, 2],
    ]) {
      await expect(computed(written(perm, 1), constants, 3)).rejects.toThrow(MemcellError);
    }
  });

  const eye = (n: number) =>
    floatTensor(
      'eye',
      [n, n],
      Array.from({ length: n * n }, (_, i) => Number(i % (n + 1) === 0)),
    );

  it('features of steps side by side, or steps of features; not of steps turned round', async () => {
    const joined = [node('Reshape', ['in', 'shape'], 'flat'), node('MatMul', ['flat', 'eye'], 'y')];
    const nine = [intTensor('shape', [2], [-1, 9]), eye(9)];
    expect(await computed([node('Identity', ['x'], 'in'), ...joined], nine, 3)).toEqual([x[0].flat()]);
    const turned = node('Transpose', ['x'], 'in', [ints('perm', [0, 2, 1])]);
    expect(await computed([turned, ...joined], nine, 3)).toEqual([[0, 1, 2].flatMap((f) => x[0].map((row) => row[f]))]);
    const back = node('Slice', ['x', 'from', 'to', 'axes', 'by'], 'in');
    const slice = [
      ['from', -1],
      ['to', -9999],
      ['axes', 1],
      ['by', -1],
    ] as const;
    const numbers = slice.map(([name, value]) => intTensor(name, [1], [value]));
    await expect(computed([back, ...joined], [...nine, ...numbers], 3)).rejects.toThrow(
      'it reads [batch, steps·features] with the features on axis 1',
    );
  });

  it('a convolution over an image of one row', async () => {
    const nodes = [
      node('Transpose', ['x'], 'turned', [ints('perm', [0, 2, 1])]),
      node('Unsqueeze', ['turned', 'row'], 'image'),
      node('Conv', ['image', 'kernel'], 'in'),
      node('Reshape', ['in', 'shape'], 'flat'),
      node('MatMul', ['flat', 'eye'], 'y'),
    ];
    // Of steps t: x_t1 + 2 x_(t+1)3, and x_t2.
    const kernel = floatTensor('kernel', [2, 3, 1, 2], [1, 0, 0, 0, 0, 2, 0, 0, 1, 0, 0, 0]);
    const constants = [intTensor('row', [1], [2]), intTensor('shape', [2], [-1, 4]), eye(4)];
    expect(await computed(nodes, [kernel, ...constants], 3)).toEqual([[1 + 2 * 6, 4 + 2 * 9, 2, 5]]);
  });

  it('constants that are reduced over all of their axes, where none are named', async () => {
    const last = node('Gather', ['x', 'at'], 'row', [int('axis', 1)]);
    const reduced = node('ReduceProd', ['c'], 'factor', [int('keepdims', 0)]);
    const made = [last, reduced, node('Mul', ['row', 'factor'], 'y')];
    expect(await computed(made, [intTensor('at', [], [-1]), floatTensor('c', [2, 2], [0.5, 2, 3, 1])])).toEqual([
      [21, 24, 27],
    ]);
  });
});
