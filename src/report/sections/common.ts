import { counted, formatNumber, percent } from '../../format.js';
import { colour } from '../draw.js';
import { drawCurve } from '../figures/curves.js';
import { foldedTable, type Html, html, table } from '../html.js';
import type { ReportInput } from '../input.js';
import { figure, legend } from './figure.js';

/** Loss and metrics per epoch, with the best epoch. */
export async function trainingSection({
  history = {},
  kind,
  settings,
}: Pick<ReportInput, 'history' | 'kind' | 'settings'>): Promise<Html | undefined> {
  const keys = Object.keys(history).filter((key) => !key.startsWith('val_') && history[key].length > 0);
  for (const key of Object.keys(history)) {
    if (key.startsWith('val_') && !keys.includes(key.slice(4)) && history[key].length > 0) keys.push(key.slice(4));
  }
  if (keys.length === 0) return undefined;
  const entries: [string, string][] = [
    ['training', colour.c1],
    ['held out', colour.c2],
  ];
  // Without a patience, a plain fit keeps its last epoch.
  const text = settings?.patience === undefined ? 'has the least held-out loss' : 'was kept';
  const epoch = bestEpoch(history);
  const last = (key: string) => history[key]?.at(-1);
  if (keys.every((key) => Math.max(history[key]?.length ?? 0, history[`val_${key}`]?.length ?? 0) === 1)) {
    const cell = (value: number | undefined) => (value === undefined ? '–' : formatNumber(value));
    const rows = keys.map((key) => [key, cell(last(key)), cell(last(`val_${key}`))]);
    return html`<section id="training"><h2>Training</h2>${table(['after one epoch', 'training', 'held out'], rows)}</section>`;
  }
  const figures: Html[] = [];
  for (const key of keys) {
    const [scale, name] = kind === 'text' && key === 'loss' ? [1 / Math.LN2, 'loss, bits a token'] : [1, key];
    const curves = entries.flatMap(([what, stroke], i) => {
      const values = history[i === 0 ? key : `val_${key}`];
      return values ? [{ name: what, stroke, values: values.map((value) => value * scale) }] : [];
    });
    figures.push(figure(await drawCurve(name, curves, epoch === undefined ? undefined : { epoch, text })));
  }
  return html`<section id="training"><h2>Training</h2>${legend(entries)}<div class="grid">${figures}</div></section>`;
}

/** The epoch, from 1, of the least held-out loss; undefined where nothing was held out. */
function bestEpoch(history: Record<string, number[]>): number | undefined {
  const losses = history.val_loss;
  if (losses === undefined || losses.length < 2) return undefined;
  return 1 + losses.reduce((best, loss, i) => (loss < losses[best] ? i : best), 0);
}

/** 'a row each month', 'a row each 15 min', 'a row each step of 2' */
function stepText(step: string | undefined): string {
  if (step === undefined) return 'no regular step';
  return `a row each ${/^[\d.]+$/.test(step) ? `step of ${step}` : step.replace(/^1 /, '')}`;
}

/** What was understood of the table. */
export function dataSection({ account }: Pick<ReportInput, 'account'>): Html | undefined {
  if (account === undefined) return undefined;
  const { read, rows, time, columns, series, notes } = account;
  const facts = [
    rows > read
      ? `${read} rows; ${rows} with the times that are missing`
      : rows < read
        ? `${rows} of ${counted(read, 'row')}`
        : counted(rows, 'row'),
    ...(time
      ? [
          `time: ${time.columns.join(', ')} (${time.notation}), ${time.first} to ${time.last}`,
          `${stepText(time.step)}${time.season ? `, a season of ${time.season} rows` : ''}, ${counted(time.gaps, 'gap')}${time.sorted ? '; rows were sorted' : ''}`,
        ]
      : []),
    ...(series ? [`${series.count} series by ${series.columns.join(', ')}, of ${lengthText(series)} rows`] : []),
    ...notes,
  ];
  const cells = columns.map(({ name, use, how, why, missing, filled }) => [
    name,
    use === 'out' ? 'left out' : use,
    how,
    [why, missing ? `${missing} missing${filled ? `, filled: ${filled}` : ''}` : undefined].filter(Boolean).join('; '),
  ]);
  const all = table(['column', 'use', 'read as', ''], cells);
  return html`<section id="data"><h2>Data</h2><ul>${facts.map((fact) => html`<li>${fact}</li>`)}</ul>${
    cells.length > 20 ? html`<details><summary>${cells.length} columns</summary>${all}</details>` : all
  }</section>`;
}

function lengthText({ shortest, longest }: { shortest: number; longest: number }): string {
  return shortest === longest ? `${longest}` : `${shortest} to ${longest}`;
}

/** Rows of a prediction that a page has. */
const mostPredicted = 100;

/** What predicting gave, as a table. */
export function predictedSection({ predicted, kind }: ReportInput): Html | undefined {
  if (predicted === undefined || predicted.rows.length === 0) return undefined;
  const { head, rows, count } = predicted;
  const cells = rows
    .slice(0, mostPredicted)
    .map((row) =>
      row.map((cell, c) =>
        typeof cell === 'number' ? predictedText(kind === 'classify' ? head[c] : undefined, cell) : cell,
      ),
    );
  const rest = count - cells.length;
  return html`<section id="predicted"><h2>Predicted</h2>${foldedTable(head, cells)}${rest > 0 && html`<p class="note">${counted(rest, 'more row')}; --out FILE writes all.</p>`}</section>`;
}

/** A probability in percent; another number as it is. */
function predictedText(column: string | undefined, value: number): string {
  if (column === undefined || !/^p\(.*\)$/s.test(column)) return formatNumber(value);
  return value > 0 && value < 0.0005 ? '< 0.1 %' : percent(value);
}

/** 'batch size' of 'batchSize' */
function spaced(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** The layers, and how the model was made. */
export function modelSection({ network, layers, settings, made }: ReportInput): Html {
  const total = network.reduce((sum, { parameters }) => sum + parameters, 0);
  const rows = network.map(({ name, output, parameters, runs }) => [name, output, parameters, runs]);
  const facts: [string, string][] = [
    ...(layers ? [['layers', layers] as [string, string]] : []),
    ...Object.entries(settings ?? {}).map(([key, value]): [string, string] => [spaced(key), String(value)]),
    ...made,
  ];
  const layerTable = table(['layer', 'output', 'parameters', 'runs on'], [...rows, ['all', '', total, '']]);
  return html`<section id="model"><h2>Model</h2>${network.length > 0 && layerTable}<dl>${facts.map(
    ([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`,
  )}</dl></section>`;
}
