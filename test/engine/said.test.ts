/** What streams, the gates of a model, and kernels for models of TensorFlow.js are refused with: whole lines. */

import { beforeAll, describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { accelerate, recurrentPath } from '../../src/engine/accelerate.js';
import { Dense, Input, LSTM, Model, Sequential, sequential } from '../../src/index.js';
import { lstmPath } from '../../src/kernels/accelerate.js';
import { refusal } from '../refusal.js';

// biome-ignore lint/suspicious/noExplicitAny: what JavaScript may give
type Any = any;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const opened = () => sequential('LSTM(3), Dense(4)', { inputShape: [null, 2], seed: 1 }).stream();
const ofWords = () => sequential('Embedding(5, 2), LSTM(3)', { inputShape: [null], seed: 1 }).stream();
const states = (change: (state: Any[]) => void) => () => {
  const stream = opened();
  const state: Any[] = JSON.parse(JSON.stringify(stream.state));
  change(state);
  stream.state = state;
};

describe('a stream', () => {
  test.each<[string, () => unknown]>([
    ['data: push got 1 number; a step of this model has 2', () => opened().push(3)],
    ['data: push got 3 numbers; a step of this model has 2', () => opened().push([1, 2, 3])],
    ['data: push got "a"; a step of this model has 2', () => opened().push('a' as Any)],
    ['data: push: x[1] is "b"; it must be a finite number', () => opened().push([1, 'b'] as Any)],
    ['data: push: x[1] is NaN; it must be a finite number', () => opened().push([1, Number.NaN])],
    ['data: push: x is 5; it must be a whole number from 0 to 4', () => ofWords().push(5)],
    ['data: push: x is 0.5; it must be a whole number from 0 to 4', () => ofWords().push(0.5)],
    [
      "usage: push: into must be a Float32Array of 4, as the model's output, not Float32Array of 3",
      () => opened().push([1, 2], new Float32Array(3)),
    ],
    [
      "usage: push: into must be a Float32Array of 4, as the model's output, not Float64Array of 4",
      () => opened().push([1, 2], new Float64Array(4) as Any),
    ],
    [
      "usage: push: into must be a Float32Array of 4, as the model's output, not [0,0,0,0]",
      () => opened().push([1, 2], [0, 0, 0, 0] as Any),
    ],
    ['data: state must be a list of the states of 1 recurrent layer or cell', states((state) => state.push(state[0]))],
    ['data: state[0] must have the shape [2, 3] and as many numbers', states((state) => state[0].data.pop())],
    [
      'data: state[0] must have the shape [2, 3] and as many numbers',
      states((state) => {
        state[0].shape = [3, 2];
      }),
    ],
    [
      'data: state[0].data[4] is "x"; it must be a finite number',
      states((state) => {
        state[0].data[4] = 'x';
      }),
    ],
    [
      'data: state[0].data[1] is 1e+39; it must be a finite number',
      states((state) => {
        state[0].data[1] = 1e39;
      }),
    ],
  ])('%s', async (message, run) => {
    expect(await refusal(run)).toBe(message);
  });
});

describe('explained', () => {
  const two = () => {
    const x = Input({ shape: [3, 2] });
    const hidden = LSTM(2).apply(x) as Any;
    return new Model({
      inputs: x,
      outputs: ['high', 'low'].map((name) => Dense(1, { name }).apply(hidden)) as Any,
      seed: 1,
    });
  };
  const x = [
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
  ];
  test.each<[string, () => unknown]>([
    [
      'usage: attribute: the model has the outputs high, low; say by output: N which number is explained, counted over all of them',
      () => two().attribute(x),
    ],
    ['usage: attribute: output 2 is none of the 2 outputs', () => two().attribute(x, { output: 2 })],
    [
      'usage: attribute: output must be a whole number of at least 0, or null, not 0.5',
      () => two().attribute(x, { output: 0.5 }),
    ],
    [
      'model: gates: the model has no LSTM, GRU or SimpleRNN layer',
      () => sequential('Dense(1)', { inputShape: [2], seed: 1 }).gates([[1, 2]]),
    ],
    [
      'model: gates: layer slow is of class MinGRU; known are LSTM, GRU and SimpleRNN',
      () => sequential('MinGRU(2, name=slow)', { inputShape: [3, 2], seed: 1 }).gates(x),
    ],
  ])('%s', async (message, run) => {
    expect(await refusal(run)).toBe(message);
  });

  test.each([
    [
      'Embedding',
      "embedding, embedding_1 read the model's input; a model with an Embedding is explained where nothing else reads it",
    ],
    [
      'Masking',
      "masking, dense read the model's input; a model with a Masking is explained where nothing else reads it",
    ],
  ])('%s beside another reader of the input', async (kind, message) => {
    const ids = Input({ shape: kind === 'Embedding' ? [3] : [3, 2] });
    const first = kind === 'Embedding' ? 'Embedding(5, 2)' : 'Masking()';
    const layer = (spec: string) => sequential(spec, {}).layers[0] as Any;
    const branches = [layer(first).apply(ids), layer(kind === 'Embedding' ? 'Embedding(5, 3)' : 'Dense(3)').apply(ids)];
    const outputs = layer('Concatenate()').apply(branches);
    const model = new Model({ inputs: ids, outputs, seed: 1 });
    expect(await refusal(() => model.attribute((kind === 'Embedding' ? [[1, 2, 3]] : x) as Any))).toBe(
      `model: attribute: ${message}`,
    );
  });
});

describe('kernels for models of TensorFlow.js', () => {
  test.each<[string, () => unknown]>([
    ['usage: accelerate takes a LayersModel of TensorFlow.js, not {"a":1}', () => accelerate({ a: 1 } as Any)],
    ['usage: recurrentPath takes a layer, not 3', () => recurrentPath(3 as Any)],
    ['usage: lstmPath takes a layer, not {"a":1}', () => lstmPath({ a: 1 } as Any)],
    ['usage: lstmPath takes a layer, not undefined', () => lstmPath(undefined as Any)],
  ])('%s', async (message, run) => {
    expect(await refusal(run)).toBe(message);
  });

  const path = (layer: tf.layers.Layer, backend?: string, take = true) => {
    const model = tf.sequential({ layers: [layer] });
    if (take) accelerate(model);
    return recurrentPath(layer, backend);
  };
  test.each<[string, () => unknown]>([
    ['Dense has no fused kernel', () => path(tf.layers.dense({ units: 1, inputShape: [2] }))],
    [
      'accelerate() has not been called on its model',
      () => path(tf.layers.gru({ units: 1, inputShape: [3, 2] }), 'cpu', false),
    ],
    ["tfjs's backend webgl has no fused kernel", () => path(tf.layers.gru({ units: 1, inputShape: [3, 2] }), 'webgl')],
    [
      'recurrentDropout; the kernels have it for an LSTM of tanh and sigmoid only',
      () => path(tf.layers.gru({ units: 1, inputShape: [3, 2], recurrentDropout: 0.5 }), 'cpu'),
    ],
  ])('%s', (reason, run) => {
    expect(run()).toEqual({ path: 'tfjs', reason });
  });
});

describe('why the engine does not run a model', () => {
  const why = (model: tf.LayersModel) => {
    const { engine } = Sequential.fromTf(model);
    return engine.kind === 'tfjs' ? engine.why : 'the engine runs it';
  };
  const input = () => tf.input({ shape: [3, 2] });
  class Doubled extends tf.layers.Layer {
    static readonly className = 'Doubled';
    override computeOutputShape(shape: tf.Shape) {
      return shape;
    }
    override call(x: tf.Tensor | tf.Tensor[]) {
      return tf.mul([x].flat()[0], 2);
    }
  }
  class OwnCell extends (tf.layers.lstmCell({ units: 1 }).constructor as Any) {
    static readonly className = 'OwnCell';
    constructor() {
      super({ units: 2, name: 'cell' });
    }
  }
  class Small extends (tf.constraints.nonNeg().constructor as Any) {
    static readonly className = 'Small';
  }
  const of = (make: () => tf.layers.Layer) => () => {
    const x = input();
    return why(tf.model({ inputs: x, outputs: make().apply(x) as Any }));
  };
  test.each<[string, () => string]>([
    [
      'layer second (Dense) shares its weights',
      () => {
        const x = input();
        const [first, second] = ['first', 'second'].map((name) => tf.layers.dense({ units: 2, name }));
        const outputs = second.apply(first.apply(x));
        Reflect.set(second, '_trainableWeights', [...first.trainableWeights]);
        return why(tf.model({ inputs: x, outputs: outputs as Any }));
      },
    ],
    [
      'layer own (Dense) has a weight that is not the model’s',
      () => {
        const x = input();
        const layer = tf.layers.dense({ units: 2, name: 'own' });
        const model = tf.model({ inputs: x, outputs: layer.apply(x) as Any });
        const { weights } = model;
        Object.defineProperty(model, 'weights', { get: () => weights.slice(0, 1) });
        return why(model);
      },
    ],
    [
      'layer own (Activation) has several inputs',
      () => {
        const [x, z] = [input(), input()];
        const layer = tf.layers.activation({ activation: 'tanh', name: 'own' });
        return why(tf.model({ inputs: [x, z], outputs: layer.apply([x, z]) as Any }));
      },
    ],
    [
      'layer own (LeakyReLU) has an option of its own: LeakyReLU: alpha must be a number of at least 0, not -0.5',
      of(() => tf.layers.leakyReLU({ alpha: -0.5, name: 'own' })),
    ],
    [
      'layer own (ThresholdedReLU) is of a kind that the engine does not have',
      of(() => tf.layers.thresholdedReLU({ name: 'own' })),
    ],
    [
      'an Embedding and other layers read the same input',
      () => {
        const x = tf.input({ shape: [3] });
        const outputs = [tf.layers.embedding({ inputDim: 4, outputDim: 2 }), tf.layers.dense({ units: 1 })];
        return why(tf.model({ inputs: x, outputs: outputs.map((layer) => layer.apply(x)) as Any }));
      },
    ],
    [
      'its input has 4 axes; the engine takes (samples, features) and (samples, steps, features)',
      () => {
        const x = tf.input({ shape: [2, 3, 2] });
        return why(tf.model({ inputs: x, outputs: tf.layers.activation({ activation: 'tanh' }).apply(x) as Any }));
      },
    ],
    [
      'its input has 3 axes; the engine takes (samples, features) and (samples, steps, features)',
      () => {
        const x = tf.input({ shape: [3, 2] });
        return why(
          tf.model({ inputs: x, outputs: tf.layers.embedding({ inputDim: 4, outputDim: 2 }).apply(x) as Any }),
        );
      },
    ],
    [
      'its number of features is open',
      () => {
        const x = tf.input({ shape: [3, null] });
        return why(tf.model({ inputs: x, outputs: tf.layers.activation({ activation: 'tanh' }).apply(x) as Any }));
      },
    ],
    [
      'layer own (Doubled) is of a class of its own',
      () => {
        const x = input();
        return why(tf.model({ inputs: x, outputs: new Doubled({ name: 'own' }).apply(x) as Any }));
      },
    ],
    [
      'layer own (Dense) has a constraint of its own',
      () => {
        const x = input();
        const layer = tf.layers.dense({ units: 1, kernelConstraint: new (Small as Any)(), name: 'own' });
        return why(tf.model({ inputs: x, outputs: layer.apply(x) as Any }));
      },
    ],
    [
      'its stateful layers are called in another order than it lists them',
      () => {
        const [x, z] = [1, 2].map(() => tf.input({ batchShape: [2, 3, 2] }));
        const outputs = [x, z].map((one) => tf.layers.lstm({ units: 2, stateful: true }).apply(one));
        return why(tf.model({ inputs: [x, z], outputs: outputs.reverse() as Any }));
      },
    ],
    ['layer cell (OwnCell) is of a class of its own', of(() => tf.layers.rnn({ cell: new OwnCell() as Any }))],
    [
      'layer cell (OwnCell) is of a class of its own',
      of(() => {
        const cells = [tf.layers.lstmCell({ units: 2 }), new OwnCell()] as Any;
        return tf.layers.rnn({ cell: tf.layers.stackedRNNCells({ cells }) });
      }),
    ],
    ['the engine runs it', of(() => tf.layers.rnn({ cell: tf.layers.lstmCell({ units: 2 }) as Any }))],
    // What is not trained has no penalty, whoever's it is.
    ...[true, false].map((trainable): [string, () => string] => [
      trainable ? 'layer own (Dense) has a regularizer of its own' : 'the engine runs it',
      of(() => {
        const layer = tf.layers.dense({ units: 1, kernelRegularizer: 'l1l2', name: 'own', trainable });
        const { kernelRegularizer } = layer as Any;
        class Penalty extends kernelRegularizer.constructor {}
        Reflect.set(layer, 'kernelRegularizer', new (Penalty as Any)({ l1: 1 }));
        return layer;
      }),
    ]),
    [
      'layer own (LSTM) is stateful and called twice',
      () => {
        const [x, z] = [1, 2].map(() => tf.input({ batchShape: [2, 3, 2] }));
        const layer = tf.layers.lstm({ units: 2, stateful: true, name: 'own' });
        return why(tf.model({ inputs: [x, z], outputs: [layer.apply(x), layer.apply(z)] as Any }));
      },
    ],
  ])('%s', (message, run) => {
    expect(run()).toBe(message);
  });
});
