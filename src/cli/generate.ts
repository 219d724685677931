import { usageError } from '../errors.js';
import { flags } from '../tasks/flags.js';
import { type AddCommand, type Session, withCommonOptions } from './command.js';
import { openToPredict } from './opening.js';
import { addTaskOptions, taskOptionsOf } from './taskOptions.js';

const examples = `
Examples:
  memcell generate models/psalms --prompt "The LORD is" --length 200
  memcell generate models/psalms --temperature 0.7 --top-p 0.9 --seed 3`;

/** memcell generate: text from a model that was trained with --text. */
export const addGenerate: AddCommand = (program, session) => {
  const command = program
    .command('generate')
    .summary('write text with a model trained with --text')
    .description(
      'Writes text with a model that was trained with --text, one character, word or byte pair after the other.',
    )
    .usage('MODEL [OPTIONS]')
    .argument('<MODEL>', 'the folder of a model that memcell train --text saved');
  addTaskOptions(command, [flags.text], 'predictOptions');
  command.addHelpText('after', examples);
  withCommonOptions(command).action((folder: string, options: Record<string, unknown>) =>
    run(folder, options, session),
  );
};

async function run(folder: string, values: Record<string, unknown>, session: Session): Promise<void> {
  const [{ openTask, readSaved }, { generate, generationPath }, { textTask }, { checkOptions }] = await Promise.all([
    import('../tasks/saved.js'),
    import('../tasks/text/generate.js'),
    import('../tasks/text/task.js'),
    import('../tasks/options.js'),
  ]);
  const given = taskOptionsOf([flags.text], 'predictOptions', 'text', values);
  const options = checkOptions(textTask.predictOptions, given, 'generate');
  const opened = openTask(await openToPredict(folder), folder);
  if (opened.kind !== 'text') {
    opened.model.dispose();
    throw usageError(
      `${folder}: a model for ${opened.kind} writes no text; use memcell predict, or train one with --text`,
    );
  }
  const { model, artefact, name } = readSaved(opened, textTask);
  try {
    const { prompt = '' } = options;
    let text = '';
    const show = (piece: string) => {
      session.stream(piece);
      text += piece;
    };
    // The prompt is shown once the first letter is there, or nothing comes: what cannot be goes on without it.
    for await (const piece of generate(model, artefact, options, name)) show(text === '' ? prompt + piece : piece);
    if (text === '') show(prompt);
    session.stream('\n');
    session.result({ model: folder, prompt, text, ...generationPath(model) });
  } finally {
    model.dispose();
  }
}
