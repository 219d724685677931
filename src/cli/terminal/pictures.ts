/** What --plot draws of a training, an evaluation and a prediction. */
import { percent, shortPercent } from '../../format.js';
import { placeText } from '../../report/axes.js';
import type { Evaluation } from '../../report/input.js';
import type { Shown, ShownBlock, ShownForecasts } from '../../tasks/shown.js';
import { type Bar, barsText } from './bars.js';
import { type ChartBand, type ChartLine, chartText } from './chart.js';
import type { Paper } from './paper.js';

/** Loss by epoch, of the training and of what was held out; '' of fewer than two epochs. */
export function curvesText({ loss = [], val_loss: held = [] }: Record<string, number[]>, paper: Paper): string {
  if (Math.max(loss.length, held.length) < 2) return '';
  const epochs = (values: readonly number[]) => values.map((_, i) => i + 1);
  const lines: ChartLine[] = [{ name: 'training', x: epochs(loss), y: loss, colour: 'blue' }];
  if (held.length > 0) lines.push({ name: 'held out', x: epochs(held), y: held, colour: 'orange', dashed: true });
  // A loss that falls far is a straight line at 0 otherwise.
  return chartText({ title: 'loss', lines, place: (epoch) => `epoch ${epoch}`, mayBeLog: true }, paper);
}

/** What comes next of one series, a block a column. */
export interface Next {
  series: string;
  columns: ShownBlock[];
}

/** Series that are drawn: the worst first. */
const mostSeries = 2;

/** Rows before the first forecast that are drawn, for each that was forecast. */
const before = 1 / 3;

/** What happened, the forecasts before it happened, and what comes next. */
export function forecastsText(shown: readonly Shown[], next: readonly Next[], paper: Paper): string {
  const series = shown.filter((part) => part.kind === 'forecast');
  const drawn = series.slice(0, mostSeries).flatMap((one) => {
    const coming = next.find(({ series: name }) => name === one.series);
    return one.columns.map((_, c) => forecastText(one, c, coming?.columns[c], paper));
  });
  const left = series.length - mostSeries;
  const rest = left > 0 ? [`${left} more series; --report draws them`] : [];
  return [...drawn, ...rest].filter((text) => text !== '').join('\n\n');
}

function forecastText(
  { series, axis, columns }: ShownForecasts,
  c: number,
  next: ShownBlock | undefined,
  paper: Paper,
) {
  const { name, actual, forecasts } = columns[c];
  const start = forecasts[0]?.x[0] ?? actual.x[Math.max(0, actual.x.length - 60)] ?? 0;
  const end = next?.x.at(-1) ?? actual.x.at(-1) ?? start;
  const from = start - before * (end - start);
  const kept = actual.x.map((_, i) => i).filter((i) => actual.x[i] >= from);
  const lines: ChartLine[] = [
    { name: 'what happened', x: kept.map((i) => actual.x[i]), y: kept.map((i) => actual.y[i]), colour: 'ink' },
  ];
  const bands: ChartBand[] = [];
  if (forecasts.length > 0) {
    lines.push({ name: 'forecast before it happened', ...joined(forecasts), colour: 'orange', dashed: true });
  }
  if (next && next.x.length > 0) {
    // From the last value on.
    const [x, y] = [actual.x.slice(-1), actual.y.slice(-1)];
    const line = { x: [...x, ...next.x], y: [...y, ...next.y] };
    lines.push({ name: 'what comes next', ...line, colour: 'blue', dashed: forecasts.length === 0 });
    for (const { probability, lower, upper } of next.intervals.slice(0, 1)) {
      bands.push({ name: shortPercent(probability), x: next.x, lower, upper, colour: 'blue' });
    }
  }
  const title = series === '' ? name : `${series}: ${name}`;
  return chartText({ title, lines, bands, place: (x) => placeText(axis, x) }, paper);
}

/** Blocks after one another as one line: broken between those of several steps. */
function joined(blocks: readonly ShownBlock[]): { x: number[]; y: number[] } {
  const broken = blocks.some(({ x }) => x.length > 1);
  return {
    x: blocks.flatMap(({ x }) => (broken ? [...x, x[x.length - 1]] : x)),
    y: blocks.flatMap(({ y }) => (broken ? [...y, Number.NaN] : y)),
  };
}

/** Classes that are drawn. */
const mostClasses = 20;

/** The scores of what is no forecast as bars, beside simple guesses. */
export function scoresText(evaluation: Evaluation, paper: Paper): string {
  if (evaluation.kind === 'forecast') return '';
  if (evaluation.kind === 'text') {
    const bits = (name: string, value: number): Bar => ({ name, value, told: value.toFixed(2) });
    const { bitsPerCharacter, network, counts, unigramCrossEntropy } = evaluation;
    return barsText(
      'bits a character: less is better',
      [
        bits('the model', bitsPerCharacter),
        ...(network ? [bits('the network alone', network.bitsPerCharacter)] : []),
        ...(counts ? [bits(`counting ${counts.back} back`, counts.bitsPerCharacter)] : []),
        bits('frequencies alone', unigramCrossEntropy / Math.LN2),
      ],
      paper,
    );
  }
  const right = (name: string, value: number): Bar => ({ name, value, told: percent(value) });
  if (evaluation.kind === 'symbols') {
    const { accuracy, majorityAccuracy, repeatAccuracy, counts } = evaluation;
    const bars = [
      right('the model', accuracy),
      right('the most frequent', majorityAccuracy),
      ...(repeatAccuracy === undefined ? [] : [right('the last one again', repeatAccuracy)]),
      ...(counts ? [right(`counting ${counts.back} back`, counts.accuracy)] : []),
    ];
    return barsText('right answers', bars, paper, 1);
  }
  const { accuracy, majorityAccuracy, classes } = evaluation;
  const all = [right('the model', accuracy), right('the most frequent class', majorityAccuracy)];
  const sorted = [...classes].sort((a, b) => (a.recall ?? 2) - (b.recall ?? 2)).slice(0, mostClasses);
  const found = sorted.flatMap(({ name, recall }) => (recall === null ? [] : [right(name, recall)]));
  const left = classes.length - sorted.length;
  const title = `of each class, found${left > 0 ? ` (the ${mostClasses} hardest of ${classes.length})` : ''}`;
  return [
    barsText('right answers', all, paper, 1),
    ...(found.length > 0 ? [barsText(title, found, paper, 1)] : []),
  ].join('\n\n');
}

/** How often each class was answered. */
export function answersText(labels: readonly string[], paper: Paper): string {
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const bars = [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, mostClasses)
    .map(([name, count]): Bar => ({ name, value: count, told: String(count) }));
  return bars.length === 0 ? '' : barsText('answers', bars, paper);
}
