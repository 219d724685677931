import type { Command } from 'commander';
import type { Described } from '../report/index.js';
import type { Evaluation } from '../report/input.js';
import type { Session } from './command.js';

/** Adds --plot, which commands that train, score or predict have. */
export function addPlotOption(command: Command): Command {
  return command.option('--plot', 'draw it in the terminal, in characters');
}

/** What --plot draws from: what a report is made of, as far as there is any. */
type Drawn = Pick<Described, 'loaded' | 'evaluation' | 'pictures' | 'source' | 'predict' | 'training' | 'predicted'> & {
  /** Classes that were answered. */
  answers?: readonly string[];
};

/** Draws for people: nothing with --json, which has the numbers. */
export async function printPictures(wanted: true | undefined, of: Drawn, session: Session): Promise<void> {
  if (wanted === undefined || session.json) return;
  const { answersText, curvesText, forecastsText, scoresText } = await import('./terminal/pictures.js');
  const { paper } = session;
  const { loaded, pictures, training, answers } = of;
  const parts = [training ? curvesText(training.history, paper) : ''];
  const { isForecast, nextOf } = await import('../report/describe.js');
  const warnings: string[] = [];
  const coming = loaded && isForecast(loaded) ? await nextOf(loaded, of, warnings) : undefined;
  session.warn(warnings);
  const shown = pictures?.parts ?? [];
  parts.push(forecastsText(shown.length > 0 ? shown : (coming?.shown ?? []), coming?.next ?? [], paper));
  if (of.evaluation) parts.push(scoresText(of.evaluation as Evaluation, paper));
  if (answers) parts.push(answersText(answers, paper));
  const text = parts.filter((part) => part !== '').join('\n\n');
  if (text !== '') session.print(`\n${text}\n`);
}
