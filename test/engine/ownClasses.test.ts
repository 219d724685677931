/** Classes of a user's own under the names of tfjs's and memcell's run as what they are: on tfjs. */
import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { accelerate, recurrentPath } from '../../src/engine/accelerate.js';
import * as l from '../../src/layers/index.js';
import { Sequential } from '../../src/sequential.js';
import { forward } from '../../src/training/forward.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Ten times x, under any name. */
function registerTenfold(name: string): void {
  class Tenfold extends tf.serialization.Serializable {
    static className = name;

    apply(x: tf.Tensor): tf.Tensor {
      return tf.mul(x, 10);
    }

    override getConfig(): tf.serialization.ConfigDict {
      return {};
    }
  }
  tf.serialization.registerClass(Tenfold);
}

test.each(['hardShrink', 'elu', 'softmax'] as const)('an activation named %s', async (name) => {
  const own = new Sequential([l.Activation(name, { inputShape: [2] })]);
  expect(own.engine.kind).toBe('memcell');
  registerTenfold(name);
  const theirs = new Sequential([l.Activation(name, { inputShape: [2] })]);
  theirs.compile({ loss: 'categoricalCrossentropy' });
  expect(theirs.engine).toEqual({
    kind: 'tfjs',
    why: expect.stringMatching(new RegExp(`has the activation ${name} of a class of its own$`)),
  });
  expect(await theirs.predict([[0.25, 0.5]])).toEqual([[2.5, 5]]);
  // Of its outputs as they are: they are nobody's softmax.
  expect((await theirs.evaluate([[0.25, 0.5]], [[1, 0]])).loss).toBeCloseTo(-Math.log(1 / 3), 5);
  // What was made before stays what it is.
  expect((await own.predict([[-1, 1]]))[0][1]).toBeLessThan(2);
});

test.each(['tanh', 'sigmoid'])('a %s inside a cell', (name) => {
  registerTenfold(name);
  for (const cell of [l.LSTM(3, { inputShape: [2, 1] }), l.GRU(3, { inputShape: [2, 1] })])
    expect(new Sequential([cell]).engine).toEqual({
      kind: 'tfjs',
      why: expect.stringMatching(/of a class of its own$/),
    });
  const made = accelerate(
    tf.sequential({ layers: [tf.layers.lstm({ units: 2, inputShape: [2, 1], recurrentActivation: 'sigmoid' })] }),
  );
  expect(recurrentPath(made.layers[0])).toMatchObject({
    path: 'tfjs',
    reason: expect.stringMatching(/^the activation (tanh|sigmoid) of a class of its own$/),
  });
});

test('a layer and a regularizer of a class of their own', () => {
  const Dropout = tf.layers.dropout({ rate: 0.5 }).constructor as unknown as new (config: object) => tf.layers.Layer;
  class Louder extends Dropout {
    override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
      return tf.mul(Array.isArray(inputs) ? inputs[0] : inputs, 3);
    }
  }
  const louder = new Sequential([new Louder({ rate: 0.5, inputShape: [2] })]);
  expect(louder.engine).toEqual({
    kind: 'tfjs',
    why: expect.stringMatching(/^layer dropout.* \(Dropout\) is of a class of its own$/),
  });
  const dense = tf.layers.dense({ units: 1, inputShape: [2], kernelRegularizer: 'l1l2' });
  const [regularizer] = [Reflect.get(dense, 'kernelRegularizer')];
  expect(new Sequential([dense]).engine.kind).toBe('memcell');
  class Penalty extends (regularizer.constructor as new (config: object) => tf.serialization.Serializable) {
    override getConfig(): tf.serialization.ConfigDict {
      return { l1: 1, l2: 0 };
    }
  }
  const other = tf.layers.dense({ units: 1, inputShape: [2] });
  Reflect.set(other, 'kernelRegularizer', new Penalty({ l1: 1 }));
  expect(new Sequential([other]).engine).toEqual({
    kind: 'tfjs',
    why: expect.stringMatching(/has a regularizer of its own$/),
  });
});

test('what a layer of a class of its own throws stays as it is, and it has to give a tensor', () => {
  class Own extends tf.layers.Layer {
    static className = 'OwnOfTheTest';
    gives: () => tf.Tensor = () => tf.tensor1d([1]);

    override call(): tf.Tensor {
      return this.gives();
    }
  }
  const layer = new Own({});
  const input = tf.input({ shape: [2] });
  const model = tf.model({ inputs: input, outputs: layer.apply(input) as tf.SymbolicTensor });
  const cause = new TypeError('not today');
  tf.tidy(() => {
    const run = () => forward(model, [tf.ones([1, 2])], false);
    layer.gives = () => {
      throw cause;
    };
    expect(run).toThrow(cause);
    layer.gives = () => input as never;
    expect(run).toThrow(expect.objectContaining({ code: 'model', message: 'the model gave no tensor for this batch' }));
  });
  model.dispose();
});
