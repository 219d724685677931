import { formatNumber, formatValue, percent } from '../../format.js';
import type { ClassifyEvaluation } from '../../tasks/classify/evaluation.js';
import type { ShownClasses, ShownMistake } from '../../tasks/shown.js';
import { lineColours } from '../draw.js';
import { drawConfusion } from '../figures/confusion.js';
import { drawReliability } from '../figures/reliability.js';
import { drawSequence, mostLines } from '../figures/sequence.js';
import { foldedTable, type Html, html, table } from '../html.js';
import type { ReportInput } from '../input.js';
import { figure, legend } from './figure.js';

/** More classes make a matrix, and a table, that nobody reads. */
export const mostClasses = 40;

/** What was answered for what; per class; whether probabilities are what they say; the most confident mistakes. */
export async function classifySections({ evaluation, shown }: ReportInput): Promise<Html[]> {
  const scores = evaluation?.kind === 'classify' ? evaluation : undefined;
  const pictures = shown.find((part) => part.kind === 'classify');
  return [
    ...(scores ? [await confusion(scores), classTable(scores)] : []),
    ...(pictures ? [await reliability(pictures), await mistakes(pictures)] : []),
  ];
}

async function confusion({ classes, confusion: counts }: ClassifyEvaluation): Promise<Html> {
  const names = classes.map(({ name }) => name);
  const body =
    names.length <= mostClasses
      ? figure(await drawConfusion(names, counts))
      : html`<p>${names.length} classes are too many to draw; the commonest confusions:</p>${commonest(names, counts)}`;
  return html`<section id="confusion"><h2>Confusion</h2>${body}</section>`;
}

function commonest(names: readonly string[], counts: readonly number[][]): Html {
  const cells = counts.flatMap((row, actual) =>
    row.flatMap((count, answered) => (actual === answered || count === 0 ? [] : [{ actual, answered, count }])),
  );
  const rows = cells.sort((a, b) => b.count - a.count).slice(0, 30);
  return table(
    ['was', 'answered', 'times'],
    rows.map(({ actual, answered, count }) => [names[actual], names[answered], count]),
  );
}

function classTable(scores: ClassifyEvaluation): Html {
  const share = (value: number | null) => (value === null ? '–' : percent(value));
  const rows = scores.classes.map(({ name, samples, precision, recall, f1 }) => [
    name,
    samples,
    ...[precision, recall, f1].map(share),
  ]);
  const all = [
    ['accuracy', percent(scores.accuracy)],
    ['always the most frequent class', percent(scores.majorityAccuracy)],
    ['balanced accuracy', percent(scores.balancedAccuracy)],
    ['macro F1', percent(scores.macroF1)],
    ['AUC, one against the rest', scores.auc === null ? '–' : formatNumber(scores.auc)],
    ['log loss, nats', formatNumber(scores.logLoss)],
  ];
  const head = ['class', 'samples', 'precision', 'recall', 'F1'];
  const order = scores.classes.map(({ f1 }, i) => ({ f1: f1 ?? Number.POSITIVE_INFINITY, i }));
  const worst = order.sort((a, b) => a.f1 - b.f1).slice(0, mostClasses);
  const each =
    rows.length <= mostClasses
      ? foldedTable(head, rows)
      : html`<p class="note">The ${mostClasses} of ${rows.length} classes with the least F1.</p>${foldedTable(
          head,
          worst.map(({ i }) => rows[i]),
        )}`;
  return html`<section id="classes"><h2>Per class</h2><div class="grid"><div>${each}</div>${table(['all', ''], all)}</div></section>`;
}

async function reliability({ reliability: bins }: ShownClasses): Promise<Html> {
  return html`<section id="reliability"><h2>Probabilities</h2>${figure(await drawReliability(bins))}<p class="note">A point below the line: the model is surer than it is right. Larger points stand for more answers.</p></section>`;
}

async function mistakes({ mistakes: wrong, inputs }: ShownClasses): Promise<Html> {
  if (wrong.length === 0) return html`<section id="mistakes"><h2>Mistakes</h2><p>None.</p></section>`;
  const shown: Html[] = [];
  for (const one of wrong) shown.push(await mistake(one, inputs));
  const drawn = wrong.some(({ steps = [] }) => steps.length > 1) ? inputs.slice(0, mostLines) : [];
  const entries = drawn.map((name, i): [string, string] => [name, lineColours[i]]);
  const rest = inputs.length - drawn.length;
  const names =
    entries.length > 1 &&
    html`${legend(entries)}${rest > 0 && html`<p class="note">${rest} more inputs are not drawn.</p>`}`;
  return html`<section id="mistakes"><h2>The most confident mistakes</h2>${names}<div class="grid">${shown}</div></section>`;
}

async function mistake(
  { name, actual, answered, probability, steps, text }: ShownMistake,
  inputs: readonly string[],
): Promise<Html> {
  const what = `${name}: was ${actual}, answered ${answered} (${percent(probability)})`;
  if (text !== undefined) return html`<div class="card"><p>${what}</p><blockquote>${text}</blockquote></div>`;
  if (steps === undefined) return html`<div class="card"><p>${what}</p></div>`;
  if (steps.length > 1) return html`<div class="card">${figure(await drawSequence(what, steps, inputs))}</div>`;
  const values = (steps[0] ?? []).slice(0, 12).map((value, c) => [inputs[c] ?? `${c + 1}`, formatValue(value)]);
  return html`<div class="card"><p>${what}</p>${table(['input', 'value'], values)}</div>`;
}
