/** The options of weights: each takes what its name says and nothing else, and acts on its own weight, on the engine and on tfjs. */
import { expect, test } from '@jest/globals';
import { Sequential, sgd } from '../../src/index.js';
import { definitionOf, type LayerDefinition, layerClasses } from '../../src/layers/define.js';
import { makeLayer } from '../../src/layers/make.js';
import { weightsInOrder } from '../../src/model/initialise.js';
import { snakeCase } from '../../src/spelling.js';

/** What layers need beside: their options, and the shape of a sample if it is not [5, 4]. */
const NEEDED: Record<string, [options: object, inputShape?: number[]]> = {
  Dense: [{ units: 3 }],
  LSTM: [{ units: 3, unitForgetBias: false }],
  GRU: [{ units: 3 }],
  SimpleRNN: [{ units: 3 }],
  MinLSTM: [{ units: 3 }],
  MinGRU: [{ units: 3 }],
  SLSTM: [{ units: 4, heads: 2 }],
  Conv1D: [{ filters: 3, kernelSize: 2 }],
  DepthwiseConv1D: [{ kernelSize: 2, depthMultiplier: 2 }],
  SeparableConv1D: [{ filters: 3, kernelSize: 2, depthMultiplier: 2 }],
  Embedding: [{ inputDim: 6, outputDim: 3 }, [5]],
  MultiHeadAttention: [{ numHeads: 2, keyDim: 3 }],
  GroupNormalization: [{ groups: 2 }],
  BatchNormalization: [{}],
  PReLU: [{}],
};

const KINDS = ['Initializer', 'Regularizer', 'Constraint'] as const;
type Kind = (typeof KINDS)[number];

/** The options of weights of a kind, without the kind: 'kernel', 'bias'. */
const weightsWith = (definition: LayerDefinition, kind: Kind) =>
  Object.keys(definition.schema).flatMap((name) =>
    name.endsWith(kind) && name !== 'activityRegularizer' ? [name.slice(0, -kind.length)] : [],
  );
const classes = layerClasses().filter((name) =>
  KINDS.some((kind) => weightsWith(definitionOf(name) as LayerDefinition, kind).length > 0),
);

test('every layer with such options is here', () => {
  expect(Object.keys(NEEDED).sort()).toEqual([...classes].sort());
});

const RIGHT: Record<Kind, [right: unknown, made: object]> = {
  Initializer: ['ones', { className: 'Ones' }],
  Regularizer: [{ l1: 0.5 }, { className: 'L1L2', config: { l1: 0.5, l2: 0 } }],
  Constraint: ['nonNeg', { className: 'NonNeg' }],
};
const WRONG: Record<Kind, [wrong: unknown, refusal: string][]> = {
  Initializer: [[{ l1: 0.5 }, 'must be an initializer such as']],
  Regularizer: [['nonNeg', "must be 'l1', 'l2', 'l1l2' or { l1, l2 } with factors of 0 or more, not \"nonNeg\""]],
  Constraint: [['l2', 'must be one of maxNorm, minMaxNorm, nonNeg, unitNorm, not "l2"']],
};

test.each(classes)('%s takes each option as its name says', (name) => {
  const definition = definitionOf(name) as LayerDefinition;
  const [options] = NEEDED[name];
  const make = (option: string, value: unknown) => makeLayer(definition, [], { ...options, [option]: value });
  for (const kind of KINDS) {
    for (const weight of weightsWith(definition, kind)) {
      const option = weight + kind;
      const [right, made] = RIGHT[kind];
      expect(make(option, right).getConfig()[option]).toMatchObject(made);
      for (const [wrong, refusal] of WRONG[kind])
        expect(() => make(option, wrong)).toThrow(`${name}: ${option} ${refusal}`);
    }
  }
});

/** The option of a weight: 'kernel' of 'lstm_1/kernel' and 'heads/query_kernel', 'depthwise' of 'depthwise_kernel' and 'depthwise_conv1d/kernel'. */
function optionOf(variable: string, options: readonly string[]): string {
  const own = variable.slice(variable.lastIndexOf('/') + 1).replace(/_\d+$/, '');
  const by = (fits: (name: string) => boolean) => options.find((option) => fits(snakeCase(option)));
  return (
    by((name) => own === name || own === `${name}_kernel`) ?? by((name) => own.endsWith(`_${name}`)) ?? 'depthwise'
  );
}

/** The length of each column of an array, along its first axis. */
function lengths(data: ArrayLike<number>, [rows, ...rest]: readonly number[]): number[] {
  const columns = rest.reduce((product, size) => product * size, 1);
  return Array.from({ length: columns }, (_, c) =>
    Math.hypot(...Array.from({ length: rows }, (_, row) => data[row * columns + c])),
  );
}

test.each(classes.flatMap((name) => (['memcell', 'tfjs'] as const).map((engine) => [name, engine] as const)))(
  "%s: each weight starts, is penalised and kept as its own options say, by Keras's formulas, on %s",
  async (name, engine) => {
    const definition = definitionOf(name) as LayerDefinition;
    const [needed, inputShape = [5, 4]] = NEEDED[name];
    const [drawn, penalised, kept] = KINDS.map((kind) => weightsWith(definition, kind));
    const numbered = (weights: string[], kind: Kind, told: (number: number) => unknown) =>
      Object.fromEntries(weights.map((weight, i) => [weight + kind, told(i + 1)]));
    // All that starts is of one number, another for each option.
    const layer = makeLayer(definition, [], {
      ...needed,
      ...numbered(drawn, 'Initializer', (n) => ({ className: 'Constant', config: { value: n / 4 } })),
      ...numbered(penalised, 'Regularizer', (n) => ({ l1: 10 ** -n, l2: 3 * 10 ** -n })),
      ...numbered(kept, 'Constraint', (n) => ({ className: 'MaxNorm', config: { maxValue: n / 50, axis: 0 } })),
    });
    const model = new Sequential([layer as never], { inputShape, seed: 1 });
    model.compile({
      loss: 'mse',
      optimizer: sgd({ learningRate: 1e-12 }),
      ...(engine === 'tfjs' && { engine }),
    });
    expect(model.engine).toMatchObject({ kind: engine });
    let penalty = 0;
    const options = new Set<string>();
    for (const variable of weightsInOrder(model.tf)) {
      const values = variable.read().dataSync();
      const option = optionOf(variable.originalName, drawn);
      options.add(option);
      const value = (drawn.indexOf(option) + 1) / 4;
      expect([variable.originalName, ...new Set(values)]).toEqual([variable.originalName, value]);
      const factor = 10 ** -(penalised.indexOf(option) + 1);
      if (penalised.includes(option)) penalty += values.length * factor * (value + 3 * value ** 2);
    }
    expect([...options].sort()).toEqual([...drawn].sort());

    const size = 2 * inputShape.reduce((product, one) => product * one, 1);
    const x = { data: Float32Array.from({ length: size }, (_, i) => i % 5), shape: [2, ...inputShape] };
    const y = await model.predict(x);
    const { loss } = (await model.evaluate(x, y)) as { loss: number };
    expect(loss / penalty).toBeCloseTo(penalty > 0 ? 1 : Number.NaN, 4);

    await model.trainOnBatch(x, y);
    for (const variable of weightsInOrder(model.tf)) {
      const shape = variable.shape.map(Number);
      const option = optionOf(variable.originalName, drawn);
      const most = kept.includes(option) ? (kept.indexOf(option) + 1) / 50 : Infinity;
      const before = ((drawn.indexOf(option) + 1) / 4) * Math.sqrt(shape[0]);
      // Moving means and variances follow what they see.
      if (option.startsWith('moving')) continue;
      for (const length of lengths(variable.read().dataSync(), shape)) {
        expect([variable.originalName, length]).toEqual([
          variable.originalName,
          expect.closeTo(Math.min(most, before), 4),
        ]);
      }
    }
    model.dispose();
  },
);
