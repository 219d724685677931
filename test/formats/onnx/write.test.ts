import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Activation } from '../../../src/activations.js';
import { decodeModel, encodeModel } from '../../../src/formats/onnx/proto.js';
import { keptKey, writeOnnx } from '../../../src/formats/onnx/write.js';
import {
  Activation as ActivationLayer,
  ActivityRegularization,
  AveragePooling1D,
  BatchNormalization,
  Bidirectional,
  Conv1D,
  Cropping1D,
  Dense,
  DepthwiseConv1D,
  Dropout,
  ELU,
  Embedding,
  Flatten,
  GaussianDropout,
  GaussianNoise,
  GetItem,
  GlobalAveragePooling1D,
  GlobalMaxPooling1D,
  GRU,
  GRUCell,
  GroupNormalization,
  type Layer,
  LayerNormalization,
  LeakyReLU,
  LSTM,
  LSTMCell,
  Masking,
  MaxPooling1D,
  MultiHeadAttention,
  Normalization,
  Permute,
  PositionEmbedding,
  PReLU,
  ReLU,
  RepeatVector,
  Rescaling,
  Reshape,
  RMSNormalization,
  RNN,
  SeparableConv1D,
  SimpleRNNCell,
  SinePositionEncoding,
  Softmax,
  SpatialDropout1D,
  TimeDistributed,
  UnitNormalization,
  UpSampling1D,
  ZeroPadding1D,
} from '../../../src/layers/index.js';
import { loadModel, Sequential } from '../../../src/sequential.js';
import { contentsOf, draws, foreign, largest, type Numbers, run } from './runtime.js';
import { randomised, stacks } from './stacks.js';

/** The sizes of the first output as the file says them, free ones by their names. */
function sizesOf(bytes: Uint8Array): (number | string | undefined)[] {
  const [output] = decodeModel(bytes).graph?.output ?? [];
  return (output.type?.tensorType?.shape?.dim ?? []).map(({ value, param }) => value ?? param);
}

/** The rules of ONNX's checker that concern a file like ours. */
function checkFile(bytes: Uint8Array): void {
  const { irVersion, opsetImport, graph } = decodeModel(bytes);
  expect(irVersion).toBe(8);
  expect(opsetImport).toEqual([{ version: 18, domain: '' }]);
  expect(graph?.name).toBeTruthy();
  const defined = new Set<string>();
  const define = (name: string | undefined) => {
    expect(name).toBeTruthy();
    expect(defined).not.toContain(name);
    defined.add(name ?? '');
  };
  for (const { name, type } of graph?.input ?? []) {
    define(name);
    expect(type?.tensorType?.elemType).toBeGreaterThan(0);
    expect(type?.tensorType?.shape?.dim?.[0]).toEqual({ param: 'batch' });
  }
  for (const { name } of graph?.initializer ?? []) define(name);
  const used = new Set<string>();
  const names = new Set<string>();
  for (const { input = [], output = [], name = '', opType } of graph?.node ?? []) {
    expect(opType).toBeTruthy();
    expect(names).not.toContain(name);
    names.add(name);
    for (const each of input.filter((value) => value !== '')) {
      expect(defined).toContain(each);
      used.add(each);
    }
    for (const each of output) if (each !== '') define(each);
  }
  for (const { name } of graph?.output ?? []) expect(defined).toContain(name);
  for (const { name } of graph?.initializer ?? []) expect(used).toContain(name);
}

const sequences = { returnSequences: true };

describe('writeOnnx', () => {
  it('writes any stack so that ONNX Runtime computes the same, and reads it back', async () => {
    await fc.assert(
      fc.asyncProperty(stacks, async (stack) => {
        const { model, x } = stack.make();
        const y = await model.predict(x);
        const { bytes, lost } = await writeOnnx(await contentsOf(model));
        checkFile(bytes);
        expect(lost).toEqual([]);
        const theirs = await run(bytes, x);
        expect(theirs.shape).toEqual(y.shape);
        expect(largest(theirs, y)).toBeLessThan(1e-5);
        const [{ shape }] = model.tf.outputs;
        expect(sizesOf(bytes)).toEqual(shape.map((size, axis) => size ?? ['batch', 'y_steps'][axis]));
        const layers = model.layers.map((layer) => layer.getClassName());
        const back = await loadModel(bytes);
        expect(back.layers.map((layer) => layer.getClassName())).toEqual(layers);
        expect(largest(await back.predict(x), y)).toBeLessThan(1e-6);
        back.dispose();
        // Nothing is left of a Dropout in the graph.
        if (layers.every((name) => name === 'Dropout')) return;
        const read = await loadModel(foreign(bytes));
        const again = await read.predict(x);
        expect(again.shape).toEqual(y.shape);
        expect(largest(again, y)).toBeLessThan(1e-5);
        read.dispose();
        model.dispose();
      }),
      { numRuns: 30 },
    );
  });

  const further: Record<string, () => Layer | Layer[]> = {
    'ReLU with a slope and a threshold': () => ReLU({ maxValue: 0.4, negativeSlope: 0.1, threshold: 0.05 }),
    'ReLU with a threshold': () => ReLU({ threshold: 0.05 }),
    'ReLU with a bound': () => ReLU({ maxValue: 0.2 }),
    'ReLU with a slope': () => ReLU({ negativeSlope: 0.2 }),
    'ReLUs whose bounds are nearly the same': () => [ReLU({ maxValue: 0.2004 }), ReLU({ maxValue: 0.2001 })],
    'Softmax over the steps': () => Softmax({ axis: 1 }),
    PReLU: () => PReLU(),
    'PReLU, shared over the steps': () => PReLU({ sharedAxes: [1] }),
    RMSNormalization: () => RMSNormalization(),
    UnitNormalization: () => UnitNormalization(),
    GroupNormalization: () => GroupNormalization({ groups: 2 }),
    Normalization: () => Normalization({ mean: [0.1, 0.2, 0.3, 0.4], variance: [1, 0.5, 0.25, 2] }),
    'Normalization of one mean for all': () => Normalization({ axis: null, mean: 0.5, variance: 2 }),
    'Normalization of one mean for all, of weights': () => Normalization({ axis: null }),
    'Normalization backwards, of weights': () => Normalization({ invert: true }),
    Cropping1D: () => Cropping1D({ cropping: [1, 0] }),
    'Cropping1D of both ends': () => Cropping1D({ cropping: [1, 2] }),
    ZeroPadding1D: () => ZeroPadding1D({ padding: [2, 1] }),
    UpSampling1D: () => UpSampling1D({ size: 3 }),
    Permute: () => Permute([2, 1]),
    'GetItem of the last step': () => GetItem(-1),
    'GetItem of steps': () => GetItem([1, -1]),
    'GetItem of steps from the last one': () => GetItem([null, 0, -2]),
    'GetItem of features': () => GetItem([1, 3], { axis: -1 }),
    'GetItem of a feature': () => GetItem(2, { axis: 2 }),
    Rescaling: () => Rescaling(0.5, { offset: 1 }),
    'Rescaling of each feature': () => Rescaling([1, 2, -1, 0.5]),
    'Rescaling of each feature, by its own offset': () => Rescaling(2, { offset: [1, 2, -1, 0.5] }),
    'Reshape to other steps': () => Reshape([3, 8]),
    'Reshape to steps that are told by the rest': () => Reshape([-1, 2]),
    'Reshape to features': () => Reshape([24]),
    'Reshape to several axes': () => [Reshape([2, 3, 4]), Dense(3)],
    'a Permute of several axes': () => [Reshape([2, 3, 4]), Permute([3, 1, 2])],
    'cells from the end': () => RNN([LSTMCell(2), GRUCell(3), SimpleRNNCell(2)], { goBackwards: true, ...sequences }),
    'the last step of cells from the end': () => RNN([GRUCell(2), LSTMCell(3)], { goBackwards: true }),
    'one cell': () => RNN(SimpleRNNCell(3, { useBias: false }), sequences),
    LeakyReLU: () => LeakyReLU({ negativeSlope: 0.4 }),
    ELU: () => ELU({ alpha: 0.5 }),
    'RepeatVector of the last step': () => [GetItem(-1), RepeatVector(3)],
    Flatten: () => [Flatten(), Dense(2)],
    GlobalMaxPooling1D: () => GlobalMaxPooling1D(),
    'dropouts and noises': () => [
      SpatialDropout1D(0.2),
      GaussianDropout(0.2),
      GaussianNoise(0.2),

      Dense(2),
    ],
    BatchNormalization: () => BatchNormalization({ epsilon: 1 }),
    'BatchNormalization without a scale': () => BatchNormalization({ epsilon: 1, scale: false }),
    'BatchNormalization without a shift': () => BatchNormalization({ epsilon: 1, center: false }),
    'GroupNormalization of each feature, without a scale': () => GroupNormalization({ groups: -1, scale: false }),
    'GroupNormalization without a shift': () => GroupNormalization({ groups: 1, center: false }),
    'MaxPooling1D, padded': () => MaxPooling1D({ poolSize: 3, strides: 2, padding: 'same' }),
    'MaxPooling1D of every step': () => MaxPooling1D({ poolSize: 2, strides: 1, padding: 'same' }),
    'AveragePooling1D, overlapping': () => AveragePooling1D({ poolSize: 3, strides: 1 }),
    'AveragePooling1D, padded': () => AveragePooling1D({ poolSize: 4, strides: 4, padding: 'same' }),
    'Conv1D of its past': () => Conv1D(3, 2, { padding: 'causal', dilationRate: 2, useBias: false }),
    'Conv1D of steps that lie apart': () => Conv1D(3, 2, { dilationRate: 3 }),
    'Conv1D of every second step of its past': () => Conv1D(3, 3, { padding: 'causal', strides: 2 }),
    'Conv1D, padded at one end more': () => Conv1D(3, 4, { padding: 'same' }),
    'Conv1D of every second step': () => Conv1D(3, 3, { strides: 2 }),
    'Conv1D of every second step, padded': () => Conv1D(3, 2, { strides: 2, padding: 'same' }),
    'DepthwiseConv1D of every third step': () => DepthwiseConv1D(2, { strides: 3, useBias: false, activation: 'relu' }),
    'SeparableConv1D without a bias': () =>
      SeparableConv1D(2, 2, { depthMultiplier: 2, dilationRate: 2, useBias: false }),
    'TimeDistributed of steps in steps': () => [Reshape([2, 3, 4]), TimeDistributed(Flatten()), Dense(2)],
    'TimeDistributed of a layer for each number': () => TimeDistributed(LeakyReLU({ negativeSlope: 0.4 })),
    'PositionEmbedding longer than the sequence': () => PositionEmbedding(9),
    'SinePositionEncoding of its own wavelength': () => SinePositionEncoding({ maxWavelength: 50 }),
    ActivityRegularization: () => ActivityRegularization({ l2: 0.1 }),
    'Conv1D in groups': () => Conv1D(6, 3, { groups: 2, activation: 'tanh' }),
    DepthwiseConv1D: () => DepthwiseConv1D(2, { depthMultiplier: 3, padding: 'same', dilationRate: 2 }),
    SeparableConv1D: () => SeparableConv1D(5, 3, { strides: 2, padding: 'same', activation: 'relu' }),
  };
  it.each(Object.entries(further))('writes %s', async (_, layer) => {
    const model = randomised(
      new Sequential([LSTM(4, { inputShape: [6, 3], returnSequences: true }), ...[layer()].flat()], { seed: 1 }),
      5,
    );
    const draw = draws(4);
    const x: Numbers = { shape: [2, 6, 3], data: new Float32Array(36).map(() => draw(-1.5, 1.5)) };
    const y = await model.predict(x);
    const { bytes } = await writeOnnx(await contentsOf(model));
    checkFile(bytes);
    const theirs = await run(bytes, x);
    expect(theirs.shape).toEqual(y.shape);
    expect(largest(theirs, y)).toBeLessThan(1e-5);
    expect(sizesOf(bytes)).toEqual(y.shape.map((size, axis) => (axis === 0 ? 'batch' : size)));
    const back = await loadModel(bytes);
    expect(largest(await back.predict(x), y)).toBeLessThan(1e-6);
    back.dispose();
    model.dispose();
  });

  it.each(
    Object.entries(further).filter(([what]) => !/Reshape|Permute|Flatten|TimeDistributed of steps|PReLU$/.test(what)),
  )('says which sizes are free: %s', async (_, layer) => {
    const layers = [LSTM(4, { inputShape: [null, 3], returnSequences: true }), ...[layer()].flat()];
    const model = new Sequential(layers, { seed: 1 });
    const { bytes } = await writeOnnx(await contentsOf(model));
    const [{ shape }] = model.tf.outputs;
    expect(sizesOf(bytes)).toEqual(shape.map((size, axis) => size ?? ['batch', 'y_steps'][axis]));
    model.dispose();
  });

  it('refuses what an operator has no option for', async () => {
    const refuse = async (layers: Layer[], message: string) =>
      expect(writeOnnx(await contentsOf(new Sequential(layers, { seed: 1 })))).rejects.toThrow(message);
    await refuse(
      [Softmax({ axis: [1, 2], inputShape: [4, 3] })],
      'layer softmax (Softmax) cannot be written: axis [1,2] is not one',
    );
    await refuse([RMSNormalization({ axis: 1, inputShape: [4, 3] })], 'axis 1 is not the last');
  });

  it('writes activations that are several operators', async () => {
    const names: Activation[] = [
      'exponential',
      'gelu',
      'tanhShrink',
      'logSigmoid',
      'sparsePlus',
      'squareplus',
      'hardSigmoid',
      'sparseSigmoid',
      'leakyRelu',
    ];
    const x: Numbers = { shape: [1, 9], data: Float32Array.of(-5, -2.1, -0.9, -0.4, 0, 0.3, 0.6, 1.4, 4) };
    for (const activation of names) {
      const model = new Sequential([Dense(9, { activation, kernelInitializer: 'identity', inputShape: [9] })], {
        seed: 1,
      });
      const { bytes } = await writeOnnx(await contentsOf(model));
      checkFile(bytes);
      expect(largest(await run(bytes, x), await model.predict(x))).toBeLessThan(1e-5);
    }
  });

  const masked: Record<string, Layer[]> = {
    'the last output': [Masking({ inputShape: [null, 3] }), LSTM(4, { returnSequences: true }), GRU(3)],
    'every output': [Masking({ inputShape: [null, 3] }), LSTM(4, { returnSequences: true }), TimeDistributed(Dense(2))],
    'sequences from the end': [
      Masking({ inputShape: [null, 3] }),
      GRU(4, { returnSequences: true, goBackwards: true }),
      LSTM(2, { returnSequences: true }),
    ],
    'both directions': [
      Masking({ inputShape: [null, 3] }),
      Bidirectional(GRU(4, { returnSequences: true })),
      LayerNormalization(),
      Bidirectional(LSTM(2)),
    ],
    'the mean': [Masking({ inputShape: [null, 3] }), LSTM(4, { returnSequences: true }), GlobalAveragePooling1D()],
  };
  for (const [what, layers] of Object.entries(masked)) {
    it(`holds masks, wherever the masked steps are: ${what}`, async () => {
      const model = randomised(new Sequential(layers, { seed: 1 }), 7);
      const draw = draws(3);
      const x: Numbers = { shape: [5, 6, 3], data: new Float32Array(90).map(() => draw(-1.5, 1.5)) };
      // A row of padding alone, at the end, in front, and two with gaps.
      const paddings = [
        [0, 1, 2, 3, 4, 5],
        [4, 5],
        [0, 1, 2],
        [0, 2, 5],
        [1, 3],
      ];
      for (const [row, steps] of paddings.entries())
        for (const step of steps) x.data.fill(0, (row * 6 + step) * 3, (row * 6 + step + 1) * 3);
      const y = await model.predict(x);
      const { bytes } = await writeOnnx(await contentsOf(model));
      checkFile(bytes);
      expect(largest(await run(bytes, x), y)).toBeLessThan(1e-5);
      const back = await loadModel(bytes);
      expect(largest(await back.predict(x), y)).toBeLessThan(1e-6);
    });
  }

  const x = { shape: [5, 6, 3], data: new Float32Array(90) };
  {
    const draw = draws(3);
    x.data.forEach((_, i) => {
      x.data[i] = draw(-1.5, 1.5);
    });
    // A row of padding alone, at the end, in front, with gaps, and one without.
    for (const [row, steps] of [[0, 1, 2, 3, 4, 5], [4, 5], [0, 1, 2], [0, 2, 5], []].entries())
      for (const step of steps) x.data.fill(0, (row * 6 + step) * 3, (row * 6 + step + 1) * 3);
  }
  const between: Record<string, () => Layer[]> = {
    'Masking of another value': () => [Masking({ maskValue: 0.25 })],
    ...Object.fromEntries(
      (['concat', 'sum', 'ave', 'mul'] as const).map((mergeMode) => [
        `Bidirectional, ${mergeMode}`,
        () => [Bidirectional(GRU(3, sequences), { mergeMode })],
      ]),
    ),
    'a GRU from the end': () => [GRU(3, { ...sequences, goBackwards: true })],
    'TimeDistributed of a Dense': () => [TimeDistributed(Dense(3, 'tanh'))],
    Dense: () => [Dense(3, 'tanh')],
    'dropouts and noises': () => [Dropout(0.2), SpatialDropout1D(0.2), GaussianDropout(0.2), GaussianNoise(0.2)],
    'an Activation': () => [ActivationLayer('sigmoid')],
    ReLU: () => [ReLU({ negativeSlope: 0.1 })],
    'PReLU and LeakyReLU': () => [PReLU({ sharedAxes: [1] }), LeakyReLU()],
    'ELU and a Softmax': () => [ELU(), Softmax()],
    LayerNormalization: () => [LayerNormalization()],
    BatchNormalization: () => [BatchNormalization({ epsilon: 1 })],
    Normalization: () => [Normalization({ mean: [0.1, 0.2, 0.3, 0.4], variance: [1, 0.5, 0.25, 2] })],
    UnitNormalization: () => [UnitNormalization()],
    'Rescaling, ActivityRegularization': () => [Rescaling(0.5, { offset: 1 }), ActivityRegularization({ l2: 0.1 })],
    'positions, learnt and of waves': () => [PositionEmbedding(7), SinePositionEncoding()],
    'MultiHeadAttention over itself': () => [MultiHeadAttention(2, 3)],
    // These give no mask.
    RMSNormalization: () => [RMSNormalization()],
    Cropping1D: () => [Cropping1D({ cropping: [1, 1] })],
    ZeroPadding1D: () => [ZeroPadding1D({ padding: 1 })],
    UpSampling1D: () => [UpSampling1D({ size: 2 })],
    'GetItem of steps': () => [GetItem([1, 5])],
    DepthwiseConv1D: () => [DepthwiseConv1D(2)],
    SeparableConv1D: () => [SeparableConv1D(3, 2)],
  };
  const ends: Record<string, () => Layer[]> = {
    GlobalMaxPooling1D: () => [GlobalMaxPooling1D()],
    GlobalAveragePooling1D: () => [GlobalAveragePooling1D()],
    'GetItem of the last step': () => [GetItem(-1)],
    Flatten: () => [Flatten(), Dense(2)],
  };
  const behind = (layers: Layer[]) => [...layers, LSTM(2, sequences)];
  it.each([
    ...Object.entries(between).map(([what, layers]) => [what, () => behind(layers())] as const),
    ...Object.entries(ends),
  ])('of masked steps gives what memcell gives at every step: %s', async (_, layers) => {
    const masking = Masking({ inputShape: [6, 3] });
    const model = randomised(new Sequential([masking, LSTM(4, sequences), ...layers()], { seed: 1 }), 7);
    const y = await model.predict(x);
    const { bytes } = await writeOnnx(await contentsOf(model));
    const theirs = await run(bytes, x);
    expect(theirs.shape).toEqual(y.shape);
    expect(largest(theirs, y)).toBeLessThan(1e-5);
    model.dispose();
  });

  it.each(['concat', 'sum', 'ave', 'mul'] as const)(
    'gives zeros for masked steps of both directions: %s',
    async (mergeMode) => {
      const layers = [Masking({ inputShape: [6, 3] }), Bidirectional(LSTM(2, sequences), { mergeMode })];
      const model = randomised(new Sequential(layers, { seed: 1 }), 7);
      const y = await model.predict(x);
      const { bytes } = await writeOnnx(await contentsOf(model));
      const theirs = await run(bytes, x);
      expect(largest(theirs, y)).toBeLessThan(1e-5);
      // The first row is all padding.
      expect([...theirs.data.slice(0, 6 * (mergeMode === 'concat' ? 4 : 2))].every((value) => value === 0)).toBe(true);
      model.dispose();
    },
  );

  it('leaves out the steps of a value that is not 0, and those of 0 not', async () => {
    const layers = [Masking({ maskValue: -1, inputShape: [6, 3] }), GRU(3, sequences)];
    const model = randomised(new Sequential(layers, { seed: 1 }), 7);
    const other = { ...x, data: x.data.slice() };
    for (const row of [1, 3]) other.data.fill(-1, row * 18 + 3, row * 18 + 9);
    const y = await model.predict(other);
    const { bytes } = await writeOnnx(await contentsOf(model));
    expect(largest(await run(bytes, other), y)).toBeLessThan(1e-5);
    model.dispose();
  });

  it('holds an Embedding and its mask', async () => {
    const layers = [
      Embedding(7, 3, { maskZero: true, inputShape: [null] }),
      LSTM(4, { returnSequences: true }),
      Dense(7, 'softmax'),
    ];
    const model = randomised(new Sequential(layers, { seed: 1 }), 5);
    const x: Numbers = { shape: [2, 5], data: Float32Array.of(1, 2, 6, 0, 0, 0, 3, 0, 5, 4) };
    const y = await model.predict(x);
    const { bytes } = await writeOnnx(await contentsOf(model));
    expect(largest(await run(bytes, x, { indices: true }), y)).toBeLessThan(1e-5);
    expect(largest(await (await loadModel(bytes)).predict(x), y)).toBeLessThan(1e-6);
  });

  it('reads a GRU that does not say where it resets as one that resets before, as ONNX has it', async () => {
    const model = new Sequential([GRU(3, { inputShape: [4, 2], resetAfter: false })], { seed: 1 });
    const draw = draws(2);
    const x: Numbers = { shape: [2, 4, 2], data: new Float32Array(16).map(() => draw(-1.5, 1.5)) };
    const decoded = decodeModel((await writeOnnx(await contentsOf(model))).bytes);
    delete decoded.metadataProps;
    for (const node of decoded.graph?.node ?? [])
      node.attribute = node.attribute?.filter(({ name }) => name !== 'linear_before_reset');
    const read = await loadModel(encodeModel(decoded));
    expect(largest(await read.predict(x), await model.predict(x))).toBeLessThan(1e-6);
    read.dispose();
    model.dispose();
  });

  it('keeps the names of inputs and outputs', async () => {
    const model = randomised(new Sequential([LSTM(2, { inputShape: [null, 3] })], { seed: 1 }), 5);
    model.metadata = { inputs: ['ablesungen'], outputs: ['strom'] };
    const { bytes } = await writeOnnx(await contentsOf(model));
    const x: Numbers = { shape: [1, 2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
    const y = await run(bytes, x, { input: 'ablesungen', output: 'strom' });
    expect(largest(y, await model.predict(x))).toBeLessThan(1e-5);
    const read = await loadModel(foreign(bytes));
    expect(read.metadata).toEqual({ inputs: ['ablesungen'], outputs: ['strom'] });
  });

  it('says in the file what x and y are, and keeps what belongs to the model', async () => {
    const model = randomised(
      new Sequential([LSTM(2, { inputShape: [null, 3], dropout: 0.2, name: 'first' })], { seed: 1 }),
      5,
    );
    model.metadata = { task: { kind: 'forecast' }, arrays: { x: 'float32 [batch, 30, 3]: the last 30 rows' } };
    const { bytes } = await writeOnnx(await contentsOf(model));
    const told = decodeModel(bytes).metadataProps?.filter(({ key }) => key !== keptKey);
    expect(told).toEqual([{ key: 'x', value: 'float32 [batch, 30, 3]: the last 30 rows' }]);
    const back = await loadModel(bytes);
    expect(back.metadata).toEqual(model.metadata);
    expect(back.layers[0].getConfig()).toMatchObject({ name: 'first', dropout: 0.2 });
  });

  it('reads a graph that was changed after memcell wrote it, not what memcell kept beside it', async () => {
    const layers = [LSTM(2, { inputShape: [null, 3] }), Dense(2, 'tanh')];
    const model = randomised(new Sequential(layers, { seed: 1 }), 5);
    const file = decodeModel((await writeOnnx(await contentsOf(model))).bytes);
    for (const node of file.graph?.node ?? []) if (node.opType === 'Tanh') node.opType = 'Sigmoid';
    const read = await loadModel(encodeModel(file));
    expect(read.layers[1].getConfig().activation).toBe('sigmoid');
  });

  it('names the layer and the option that a file cannot hold', async () => {
    const refusals: [Layer[], string][] = [
      [
        [LSTM(2, { inputShape: [null, 3], name: 'erinnerung', activation: 'gelu' })],
        `layer erinnerung (LSTM) cannot be written: activation "gelu" is none that ONNX's recurrent operators have (tanh, sigmoid, relu, linear, hardSigmoid, hardSigmoidKeras3, sparseSigmoid, elu, leakyRelu, softsign, softplus)`,
      ],
      [
        [Bidirectional(GRU(2, { recurrentActivation: 'mish' }), { name: 'beide', inputShape: [null, 3] })],
        `layer beide (Bidirectional) cannot be written: recurrent_activation "mish" is none that ONNX's recurrent operators have (tanh, sigmoid, relu, linear, hardSigmoid, hardSigmoidKeras3, sparseSigmoid, elu, leakyRelu, softsign, softplus)`,
      ],
      [
        [TimeDistributed(LSTM(2), { name: 'jeder', inputShape: [4, null, 3] })],
        'layer jeder (TimeDistributed) cannot be written: it holds LSTM, whose sizes are not all fixed',
      ],
    ];
    for (const [layers, message] of refusals) {
      const model = new Sequential(layers, { seed: 1 });
      const written = writeOnnx(await contentsOf(model));
      await expect(written).rejects.toMatchObject({
        name: 'MemcellError',
        code: 'usage',
        message: `ONNX: ${message}; save the model to a folder instead`,
      });
    }
  });

  it('refuses a normalization over other axes than the last alone', async () => {
    const contents = await contentsOf(new Sequential([LayerNormalization({ inputShape: [4, 3] })], { seed: 1 }));
    const text = JSON.stringify(contents.topology);
    const written = /"axis":(-1|2|\[-1\]|\[2\])/;
    expect(text).toMatch(written);
    for (const axis of ['1', '[1,2]']) {
      const topology = JSON.parse(text.replace(written, `"axis":${axis}`));
      await expect(writeOnnx({ ...contents, topology })).rejects.toThrow(`axis ${axis} is not the last`);
    }
  });

  it('refuses in TimeDistributed what it refuses by itself', async () => {
    const held = TimeDistributed(Conv1D(2, 2), { name: 'jeder', inputShape: [4, 6, 3] });
    const contents = await contentsOf(new Sequential([held], { seed: 1 }));
    const text = JSON.stringify(contents.topology);
    expect(text).toContain('"data_format":"channels_last"');
    const topology = JSON.parse(text.replace('"data_format":"channels_last"', '"data_format":"channels_first"'));
    await expect(writeOnnx({ ...contents, topology })).rejects.toThrow(
      'layer jeder (TimeDistributed) cannot be written: data_format is channels_first',
    );
  });
});
