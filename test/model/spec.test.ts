import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MemcellError } from '../../src/errors.js';
import { type Call, parseCalls, printCalls, type Value } from '../../src/model/notation.js';
import { parseSpec } from '../../src/model/spec.js';

const describeLayers = (spec: string) =>
  parseSpec(spec).map((layer) => [layer.getClassName(), layer.getConfig()] as const);

/** The message of the error that a spec gives. */
function problem(spec: string): string {
  try {
    parseSpec(spec);
  } catch (error) {
    if (error instanceof MemcellError) return error.message;
    throw error;
  }
  return 'no error';
}

describe('what is accepted', () => {
  test("the document's model, with and without Sequential and brackets", () => {
    const specs = [
      'LSTM(50), Dense(10, softmax)',
      'Sequential(LSTM(50), Dense(10, softmax))',
      'Sequential([LSTM(50), Dense(10, activation="softmax")])',
      "[LSTM(units=50,), Dense(10, activation='softmax'),]",
      '\n  Sequential( [\n    keras.layers.LSTM(50),\n    layers.Dense(10, softmax),\n  ] )\n',
    ];
    for (const spec of specs) {
      const [[lstm, lstmConfig], [dense, denseConfig]] = describeLayers(spec);
      expect([lstm, lstmConfig.units, lstmConfig.activation, lstmConfig.recurrentActivation]).toEqual([
        'LSTM',
        50,
        'tanh',
        'sigmoid',
      ]);
      expect([dense, denseConfig.units, denseConfig.activation]).toEqual(['Dense', 10, 'softmax']);
    }
  });

  test('nested layers, options in both spellings, Python and JavaScript constants', () => {
    const [[, first], [, second], [, third]] = describeLayers(
      'Bidirectional(LSTM(64, return_sequences=true), merge_mode=sum), GRU(8, resetAfter=False, use_bias=True), Dropout(.2)',
    );
    expect(first).toMatchObject({ mergeMode: 'sum', layer: { className: 'LSTM', config: { returnSequences: true } } });
    expect(second).toMatchObject({ units: 8, resetAfter: false, useBias: true });
    expect(third).toMatchObject({ rate: 0.2 });
  });

  test('an input shape as an option or as Input', () => {
    const shapes = [
      'LSTM(4, input_shape=(1, 1))',
      'LSTM(4, inputShape=[1,1])',
      'Input((1, 1)), LSTM(4)',
      'Input(shape=[1,1]), LSTM(4)',
    ];
    for (const spec of ['Dense(2, input_shape=3)', 'Dense(2, input_shape=(3,))', 'Input(3), Dense(2)'])
      expect(parseSpec(spec)[0].batchInputShape).toEqual([null, 3]);
    for (const spec of shapes) expect(parseSpec(spec)[0].batchInputShape).toEqual([null, 1, 1]);
    for (const spec of [
      'Input((1, 4), batch_size=5)',
      'Input(shape=(1, 4), batchSize=5)',
      'Input(batch_shape=(5, 1, 4))',
      'Input(batchShape=(5, 1, 4))',
    ])
      expect(parseSpec(`${spec}, LSTM(4), Dense(2)`).map((layer) => layer.batchInputShape)).toEqual([
        [5, 1, 4],
        undefined,
      ]);
    expect(parseSpec('Embedding(11, 5, input_length=6)')[0].batchInputShape).toEqual([null, 6]);
    expect(parseSpec('Input((None, 4)), LSTM(4)')[0].batchInputShape).toEqual([null, null, 4]);
    expect(parseSpec('Input((6,)), Embedding(11, 5)')[0].batchInputShape).toEqual([null, 6]);
  });

  test('regularizers, initializers and constraints with their settings', () => {
    const [[, config]] = describeLayers(
      'LSTM(4, kernel_regularizer=l2(0.02), recurrent_regularizer=L1L2(0.1, l2=0.3), bias_regularizer=l1, ' +
        'kernel_initializer=RandomUniform(-0.1, maxval=0.1), recurrent_initializer=he_normal, kernel_constraint=max_norm(2))',
    );
    expect(config).toMatchObject({
      kernelRegularizer: { className: 'L1L2', config: { l1: 0, l2: 0.02 } },
      recurrentRegularizer: { className: 'L1L2', config: { l1: 0.1, l2: 0.3 } },
      biasRegularizer: { className: 'L1L2', config: { l1: 0.01, l2: 0 } },
      kernelInitializer: { className: 'RandomUniform', config: { minval: -0.1, maxval: 0.1 } },
      recurrentInitializer: { className: 'VarianceScaling', config: { scale: 2, mode: 'fanIn' } },
      kernelConstraint: { className: 'MaxNorm', config: { maxValue: 2 } },
    });
  });

  test('with stateful, the recurrent layers that do not say', () => {
    const spec = 'LSTM(2), GRU(2, stateful=false), SimpleRNN(2, stateful=true), RNN(GRUCell(2)), MinGRU(2), Dense(1)';
    const told = (options?: { stateful?: boolean }) =>
      parseSpec(spec, options).map((layer) => layer.getConfig().stateful);
    expect(told({ stateful: true })).toEqual([true, false, true, true, true, undefined]);
    for (const options of [undefined, {}, { stateful: false }])
      expect(told(options)).toEqual([false, false, true, false, false, undefined]);
  });

  test('every layer of the table', () => {
    const spec =
      'Embedding(10, 4, mask_zero=True), Masking(0), LSTM(4, return_sequences=True), GRU(4), SimpleRNN(4, relu), ' +
      'Bidirectional(GRU(3)), TimeDistributed(Dense(2)), RepeatVector(3), Flatten, Activation(hard_sigmoid), ' +
      'LayerNormalization(epsilon=1e-5), GlobalAveragePooling1D(), GlobalMaxPooling1D(), Dropout(0.5), Dense(1)';
    expect(
      describeLayers(spec)
        .map(([name]) => name)
        .join(' '),
    ).toBe(
      'Embedding Masking LSTM GRU SimpleRNN Bidirectional TimeDistributed RepeatVector Flatten Activation ' +
        'LayerNormalization GlobalAveragePooling1D GlobalMaxPooling1D Dropout Dense',
    );
  });
});

describe('errors point at the character', () => {
  test('of a text of several lines, the line with the character is shown alone', () => {
    expect(problem('LSTM(5),\nDense(3, wings=2),\nDropout(0.1)').split('\n').slice(1)).toEqual([
      '  Dense(3, wings=2),',
      '           ^',
    ]);
    expect(problem('Foo,\nDense(2)').split('\n').slice(1)).toEqual(['  Foo,', '  ^']);
    expect(problem('Dense(2),\nFoo').split('\n').slice(1)).toEqual(['  Foo', '  ^']);
  });

  test('a misspelt layer', () => {
    expect(problem('LSTM(64), LTSM(32)')).toMatchInlineSnapshot(`
"layers: unknown layer 'LTSM' at character 11; did you mean LSTM?
  LSTM(64), LTSM(32)
            ^"
`);
  });
  test('a misspelt layer inside another', () => {
    expect(problem('Bidirectional(LSM(64)), Dense(1)')).toMatchInlineSnapshot(`
"layers: unknown layer 'LSM' at character 15; did you mean LSTM?
  Bidirectional(LSM(64)), Dense(1)
                ^"
`);
  });
  test('a misspelt option', () => {
    expect(problem('LSTM(64, return_sequence=true)')).toMatchInlineSnapshot(`
"layers: LSTM: unknown option 'returnSequence' at character 10; did you mean returnSequences?
  LSTM(64, return_sequence=true)
           ^"
`);
  });
  test('an option that no layer has', () => {
    expect(problem('RepeatVector(3, wings=2)')).toMatchInlineSnapshot(`
"layers: RepeatVector: unknown option 'wings' at character 17; it takes name, trainable, inputShape, batchSize, batchShape, n
  RepeatVector(3, wings=2)
                  ^"
`);
  });
  test('a misspelt activation', () => {
    expect(problem('LSTM(4), Dense(10, sofmax)')).toMatchInlineSnapshot(`
"layers: Dense: activation: unknown activation 'sofmax' at character 20; did you mean softmax?
  LSTM(4), Dense(10, sofmax)
                     ^"
`);
  });
  test.each(['0', '-3', '2.5', '1e9', '"50"', 'true', 'None'])('units of %s', (units) => {
    expect(problem(`Dense(3), LSTM(${units})`).split('\n')[0]).toBe(
      `layers: LSTM: units must be a whole number from 1 to 65536, not ${
        units === 'None' ? 'null' : units === '1e9' ? '1000000000' : units
      } at character 16`,
    );
  });
  test('on a line of its own', () => {
    expect(problem('LSTM(4),\n  Dense(10 softmax)')).toMatchInlineSnapshot(`
"layers: expected "," or ")", found 's' at character 21
    Dense(10 softmax)
             ^"
`);
  });
  test.each([
    ['', 'layers: no layers at character 1; write for example LSTM(50), Dense(10, softmax)'],
    ['Sequential()', 'layers: no layers at character 13; write for example LSTM(50), Dense(10, softmax)'],
    ['LSTM(', 'layers: "(" is not closed at character 5'],
    ['LSTM(50', 'layers: "(" is not closed at character 5'],
    ['LSTM(50))', `layers: expected "," or the end, found ')' at character 9`],
    ['LSTM 50', `layers: expected "," or the end, found '5' at character 6`],
    ['LSTM()', 'layers: LSTM: units is missing at character 1'],
    ['LSTM(50 60)', `layers: expected "," or ")", found '6' at character 9`],
    ['LSTM(50, units=3)', 'layers: LSTM: units is given twice at character 10'],
    ['LSTM(50, activation=tanh, activation=relu)', 'layers: activation is given twice at character 27'],
    ['LSTM(50, use_bias=true, useBias=true)', 'layers: LSTM: useBias is given twice at character 25'],
    ['LSTM(units=50, tanh)', 'layers: a value without a name after named ones at character 16; write name=value'],
    ['Dropout(1, 2)', 'layers: Dropout: takes at most rate by position, not 2 values at character 1'],
    ['Dropout(1.5)', 'layers: Dropout: rate must be a number of at least 0 and below 1, not 1.5 at character 9'],
    [
      'LSTM(50, return_sequences=yes)',
      'layers: LSTM: returnSequences must be true or false, not "yes" at character 10',
    ],
    [
      'Bidirectional(Dense(3))',
      'layers: Bidirectional: layer must be a recurrent layer such as LSTM or GRU, not a Dense layer at character 15',
    ],
    ['TimeDistributed(3)', 'layers: TimeDistributed: layer must be a layer, not 3 at character 17'],
    ['Dense(1, "a)', 'layers: a string that does not end at character 10'],
    ['LSTM(4, kernel_regularizer=l3(1))', "layers: unknown layer 'l3' at character 28; did you mean l1?"],
    [
      'LSTM(4, kernel_regularizer=l2(-1))',
      `layers: LSTM: kernelRegularizer must be 'l1', 'l2', 'l1l2' or { l1, l2 } with factors of 0 or more, not {"l2":-1} at character 9`,
    ],
    ['LSTM(4, 50x)', `layers: expected a value, found '5' at character 9`],
    [
      'LSTM(4, input_shape=(0,))',
      'layers: LSTM: inputShape must be a list of whole numbers above 0 (null where any number of steps will do), such as [30, 4], not [0] at character 9',
    ],
    [`LSTM${'('.repeat(100_000)}`, 'layers: nested more than 20 deep at character 26'],
  ])('%.40s', (spec, message) => {
    expect(problem(spec).split('\n')[0]).toBe(message);
  });
});

const names = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/).filter((name) => name !== 'Sequential');
const { value: values } = fc.letrec<{ value: Value; call: Call }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0),
    fc.boolean(),
    fc.constant(null),
    fc.string(),
    fc.array(tie('value'), { maxLength: 3 }),
    tie('call'),
  ),
  call: fc.record({
    name: names,
    positional: fc.array(tie('value'), { maxLength: 3 }),
    named: fc.dictionary(names, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  }),
}));
const calls = fc.array(
  fc.record({
    name: names,
    positional: fc.array(values, { maxLength: 3 }),
    named: fc.dictionary(names, values, { maxKeys: 3, noNullPrototype: true }),
  }),
  { minLength: 1, maxLength: 4 },
);

/** A call without the places in the text. */
function meaning(value: Value): Value {
  if (Array.isArray(value)) return value.map(meaning);
  if (typeof value !== 'object' || value === null) return value;
  const named = Object.fromEntries(Object.entries(value.named).map(([name, inner]) => [name, meaning(inner)]));
  return { name: value.name, positional: value.positional.map(meaning), named };
}

test('printed and parsed again, calls are the same', () => {
  fc.assert(
    fc.property(calls, (some) => {
      expect(parseCalls(printCalls(some)).map(meaning)).toEqual(some);
    }),
  );
});

test('any text gives layers or a MemcellError whose first line stands alone', () => {
  const text = fc.oneof(
    fc.string(),
    fc
      .array(fc.constantFrom('LSTM', 'Dense', '(', ')', '[', ']', ',', '=', '3', '"', ' ', 'None', '.5', '\n'))
      .map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(text, (spec) => {
      const [first] = problem(spec).split('\n');
      expect(first === 'no error' || /^layers: .+ at character \d+/.test(first)).toBe(true);
    }),
  );
});
