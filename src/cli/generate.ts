import { MemcellError } from '../errors.js';
import type { GenerateOptions } from '../tasks/text.js';
import { type AddCommand, type Session, withCommonOptions } from './command.js';
import { parseCount, parseInteger, parseProbability, parseTemperature } from './values.js';

const examples = `
Examples:
  memcell generate models/psalms --prompt "The LORD " --length 200 --temperature 0.7
  memcell generate models/psalms --top-k 5 --seed 3`;

/** memcell generate: text from a model of the next character. */
export const addGenerate: AddCommand = (program, session) => {
  const command = program
    .command('generate')
    .summary('write text with a model trained with --text')
    .description(
      'Writes text, character by character, with a model trained with --text. The same seed gives the same text.',
    )
    .usage('MODEL [OPTIONS]')
    .argument('<MODEL>', 'the folder of the model')
    .option('--prompt <TEXT>', 'the text to go on from (the start of a line)')
    .option('--length <N>', 'characters to write (400)', parseCount)
    .option('--temperature <T>', 'below 1 likelier, above 1 more varied, 0 always the likeliest (1)', parseTemperature)
    .option('--top-k <K>', 'draw from the K likeliest characters only', parseCount)
    .option('--top-p <P>', 'draw from the likeliest characters that together have probability P', parseProbability)
    .option('--seed <N>', 'governs what is drawn (0)', parseInteger)
    .addHelpText('after', examples);
  withCommonOptions(command).action((folder: string, options: GenerateOptions) => write(folder, options, session));
};

async function write(folder: string, options: GenerateOptions, session: Session): Promise<void> {
  const { loadTask } = await import('../tasks/task.js');
  const { generate } = await import('../tasks/text.js');
  const { model, artefact } = await loadTask(folder);
  if (artefact.kind !== 'text') {
    throw new MemcellError('this model was not trained with --text: use memcell predict', { code: 'usage' });
  }
  const { prompt, length, temperature, topK, topP, seed } = options;
  let text = '';
  for await (const character of generate(model, artefact, { prompt, length, temperature, topK, topP, seed })) {
    if (text === '') session.stream(prompt ?? '');
    text += character;
    session.stream(character);
  }
  session.stream('\n');
  session.result({ task: 'text', prompt: prompt ?? '', text });
}
