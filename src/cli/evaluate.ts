import { type AddCommand, type Session, withCommonOptions } from './command.js';

const examples = `
Examples:
  memcell evaluate models/weather weather.csv
  memcell evaluate models/digits digits.txt --json`;

/** memcell evaluate: how good a saved model is on a data file. */
export const addEvaluate: AddCommand = (program, session) => {
  const command = program
    .command('evaluate')
    .summary('tell how good a saved model is on a data file')
    .description('Tells how good a saved model is on a data file, beside a simple guess.')
    .usage('MODEL DATA')
    .argument('<MODEL>', 'the folder of a model that memcell train saved')
    .argument('<DATA>', 'a file like the one it was trained on')
    .addHelpText('after', examples);
  withCommonOptions(command).action((folder: string, data: string) => evaluate(folder, data, session));
};

async function evaluate(folder: string, data: string, session: Session): Promise<void> {
  const { evaluateTask, loadTask } = await import('../tasks/task.js');
  const { evaluationText } = await import('./evaluationText.js');
  const { model, artefact } = await loadTask(folder);
  try {
    const evaluation = await evaluateTask(model, artefact, data);
    session.print(evaluationText(evaluation));
    session.result({ model: folder, data, evaluation });
  } finally {
    model.dispose();
  }
}
