import { type AddCommand, type Session, withCommonOptions } from './command.js';
import { evaluationText } from './evaluationText.js';

const examples = `
Example:
  memcell evaluate models/weather weather-2016.csv`;

/** memcell evaluate: how good a trained model is on a data file. */
export const addEvaluate: AddCommand = (program, session) => {
  const command = program
    .command('evaluate')
    .summary('say how good a model is on a data file')
    .description('Says how good a model is on a data file like the one it was trained on, beside a simple guess.')
    .usage('MODEL DATA')
    .argument('<MODEL>', 'the folder of the model')
    .argument('<DATA>', 'the file to predict and to compare with')
    .addHelpText('after', examples);
  withCommonOptions(command).action((folder: string, data: string) => evaluate(folder, data, session));
};

async function evaluate(folder: string, data: string, session: Session): Promise<void> {
  const { loadTask, evaluateTask } = await import('../tasks/task.js');
  const { model, artefact } = await loadTask(folder);
  const evaluation = await evaluateTask(model, artefact, data);
  session.print(evaluationText(evaluation));
  session.result(evaluation);
}
