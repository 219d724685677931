import { counted } from '../format.js';
import type { Sequential } from '../sequential.js';
import { type AddCommand, type Session, withCommonOptions } from './command.js';

const examples = `
Examples:
  memcell convert model.h5 models/mine          a Keras model, from whichever Keras, to a folder
  memcell convert models/weather weather.keras  for Keras 3, with the optimizer and what memcell needs to predict
  memcell convert m.keras m.h5

The content tells what FROM is, the ending what TO is: .keras, .h5, .hdf5 or .onnx, anything else a folder.`;

/** memcell convert: a model from one format to another. */
export const addConvert: AddCommand = (program, session) => {
  const command = program
    .command('convert')
    .summary('write a model in another format')
    .description(
      'Writes a model in another format: a folder as tfjs has it, .keras, .h5 or .onnx. Says what is kept and what is lost.',
    )
    .usage('FROM TO')
    .argument('<FROM>', 'a folder, a .keras, .h5 or .onnx file, or an address')
    .argument('<TO>', 'the file or folder to write')
    .addHelpText('after', examples);
  withCommonOptions(command).action((from: string, to: string) => convert(from, to, session));
};

/** Models of earlier versions do not say what x and y are. */
async function describeArrays(model: Sequential, from: string): Promise<void> {
  const { openTask, readTask } = await import('../tasks/saved.js');
  const { tasks } = await import('../tasks/index.js');
  const { kind, artefact } = readTask(openTask(model, from));
  model.metadata = { ...model.metadata, arrays: tasks[kind].arrays(artefact) };
}

/** What a format keeps of compile() and of the optimizer. */
function trainingIn(format: string, steps: number): string {
  if (format === 'onnx' || steps === 0) return "loss, metrics and the optimizer's settings, without a state";
  return `loss, metrics and the optimizer with its state after ${counted(steps, 'step')}`;
}

async function convert(from: string, to: string, session: Session): Promise<void> {
  const [{ loadModel }, { formatFor }] = await Promise.all([import('../sequential.js'), import('../formats/open.js')]);
  const model = await loadModel(from);
  if (model.metadata.task !== undefined && model.metadata.arrays === undefined) await describeArrays(model, from);
  try {
    const lost = [...model.lost, ...(await model.save(to))];
    const format = formatFor(to)?.name ?? 'tfjs';
    const kept = [
      counted(model.tf.layers.length, 'layer'),
      counted(model.countParams(), 'weight'),
      ...(model.isCompiled ? [trainingIn(format, model.stepsTrained)] : []),
      ...(Object.keys(model.metadata).length > 0 ? ['memcell’s metadata'] : []),
    ];
    const told = lost.length > 0 ? `; lost: ${lost.join('; ')}` : '; nothing is lost';
    session.print(`${to} (${format === 'tfjs' ? 'a folder as tfjs has it' : format}): kept ${kept.join(', ')}${told}`);
    session.result({ from, to, format, kept, lost });
  } finally {
    model.dispose();
  }
}
