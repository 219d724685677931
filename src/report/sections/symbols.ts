import { percent } from '../../format.js';
import { type Html, html, table } from '../html.js';
import type { ReportInput } from '../input.js';

/** How often the next symbol was told, beside simple guesses. */
export async function symbolsSections({ evaluation }: ReportInput): Promise<Html[]> {
  if (evaluation?.kind !== 'symbols') return [];
  const { accuracy, majorityAccuracy, repeatAccuracy, counts } = evaluation;
  const rows = [
    ['the model', percent(accuracy)],
    ['always the most frequent symbol', percent(majorityAccuracy)],
    ...(repeatAccuracy === undefined ? [] : [['the last symbol again', percent(repeatAccuracy)]]),
    ...(counts ? [[`what most often followed the last ${counts.back}`, percent(counts.accuracy)]] : []),
  ];
  return [html`<section id="errors"><h2>Beside simple guesses</h2>${table(['answer', 'right'], rows)}</section>`];
}
