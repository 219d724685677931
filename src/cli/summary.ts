import { existsSync } from 'node:fs';
import { usageError } from '../errors.js';
import type { Sequential } from '../sequential.js';
import { type AddCommand, type Session, withCommonOptions } from './command.js';
import { parseSizes } from './values.js';

interface Options {
  inputShape?: number[];
}

const examples = `
Examples:
  memcell summary models/digits
  memcell summary "LSTM(50), Dense(10, softmax)" --input-shape 1,1`;

/** memcell summary: the layers of a saved model or of a spec, as Keras prints them. */
export const addSummary: AddCommand = (program, session) => {
  const command = program
    .command('summary')
    .summary('show the layers of a saved model, or of layers written down')
    .description(
      "Shows the layers with their output shapes and parameters, and which code runs each: memcell's engine, its fused kernel, or tfjs.",
    )
    .usage('MODEL|SPEC [--input-shape STEPS,FEATURES]')
    .argument('<MODEL|SPEC>', 'a saved model (folder, .keras, .h5), or layers such as "LSTM(50), Dense(10, softmax)"')
    .option('--input-shape <SIZES>', 'the shape of one sample, for layers written down', (text: string) =>
      parseSizes(text),
    )
    .addHelpText('after', examples);
  withCommonOptions(command).action((model: string, options: Options) => summarize(model, options, session));
};

async function summarize(given: string, { inputShape }: Options, session: Session): Promise<void> {
  const model = await modelOf(given, inputShape);
  const { elements } = await import('../data/array.js');
  const { lstmPath } = await import('../kernels/accelerate.js');
  for (const line of model.lost) session.note(line);
  session.print(model.summaryText());
  const { engine } = model;
  const layers = model.tf.layers.map((layer) => ({
    name: layer.name,
    class: layer.getClassName(),
    outputShape: layer.outputShape,
    parameters: layer.weights.reduce((sum, { shape }) => sum + elements(shape.map(Number)), 0),
    ...(engine.kind === 'memcell' ? { path: 'engine' } : lstmPath(layer)),
  }));
  const parameters = layers.reduce((sum, layer) => sum + layer.parameters, 0);
  const { inputs, outputs, lost } = model;
  const ends = inputs.length > 1 || outputs.length > 1 ? { inputs, outputs } : {};
  session.result({
    engine,
    inputShape: model.inputShape,
    outputShape: model.outputShape,
    ...ends,
    parameters,
    layers,
    ...(lost.length > 0 && { lost }),
  });
}

/** A saved model when there is such a folder; otherwise what is written is read as layers. */
async function modelOf(given: string, inputShape: number[] | undefined): Promise<Sequential> {
  const written = /[()]/.test(given) && !existsSync(given);
  const { loadModel, sequential } = await import('../sequential.js');
  if (written) {
    const model = sequential(given, inputShape ? { inputShape } : {});
    if (inputShape || model.layers[0].batchInputShape) return model;
    throw usageError('layers written down need the shape of a sample: add --input-shape, such as --input-shape 30,4');
  }
  if (inputShape) {
    throw usageError('--input-shape is for layers written down; a saved model has its own');
  }
  return loadModel(given);
}
