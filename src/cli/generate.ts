import { MemcellError } from '../errors.js';
import { type AddCommand, type Session, withCommonOptions } from './command.js';
import { parseCount, parseInteger, parseProbability, parseTemperature } from './values.js';

interface Options {
  prompt?: string;
  length?: number;
  temperature?: number;
  topK?: number;
  topP?: number;
  seed?: number;
}

const examples = `
Examples:
  memcell generate models/psalms --prompt "The LORD is" --length 200
  memcell generate models/psalms --temperature 0.7 --top-p 0.9 --seed 3`;

/** memcell generate: text from a model that was trained with --text. */
export const addGenerate: AddCommand = (program, session) => {
  const command = program
    .command('generate')
    .summary('write text with a model trained with --text')
    .description('Writes text with a model that was trained with --text, one character after the other.')
    .usage('MODEL [OPTIONS]')
    .argument('<MODEL>', 'the folder of a model that memcell train --text saved')
    .option('--prompt <TEXT>', 'the text to go on from')
    .option('--length <N>', 'characters to write (400)', parseCount)
    .option('--temperature <T>', 'below 1 likelier, above 1 more varied, 0 always the likeliest (1)', parseTemperature)
    .option('--top-k <K>', 'draw from the K likeliest only', parseCount)
    .option('--top-p <P>', 'draw from the likeliest that together reach P only', parseProbability)
    .option('--seed <N>', 'the same seed gives the same text (0)', parseInteger)
    .addHelpText('after', examples);
  withCommonOptions(command).action((folder: string, options: Options) => run(folder, options, session));
};

async function run(folder: string, options: Options, session: Session): Promise<void> {
  const { loadTask } = await import('../tasks/task.js');
  const { generate } = await import('../tasks/text.js');
  const { model, artefact } = await loadTask(folder);
  try {
    if (artefact.kind !== 'text') {
      throw new MemcellError(
        `${folder}: a model for ${artefact.kind} writes no text; use memcell predict, or train one with --text`,
        { code: 'usage' },
      );
    }
    const { prompt = '' } = options;
    let text = prompt;
    for await (const character of generate(model, artefact, options)) {
      if (text === prompt) session.stream(prompt);
      session.stream(character);
      text += character;
    }
    session.stream('\n');
    session.result({ model: folder, prompt, text });
  } finally {
    model.dispose();
  }
}
