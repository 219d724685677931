import { counted, formatNumber, percent, shortPercent } from '../../format.js';
import type { MethodErrors } from '../../tasks/forecast/errors.js';
import type { ForecastEvaluation, TargetErrors } from '../../tasks/forecast/evaluation.js';
import { reducePoints, type ShownBlock, type ShownColumn, type ShownForecasts } from '../../tasks/shown.js';
import { colour, lineColours } from '../draw.js';
import { drawForecasts } from '../figures/forecasts.js';
import { drawHistogram } from '../figures/histogram.js';
import { drawResiduals } from '../figures/residuals.js';
import { drawSteps } from '../figures/steps.js';
import { type Html, html, table } from '../html.js';
import type { ReportInput } from '../input.js';
import { picked } from '../packed.js';
import { figure, legend } from './figure.js';

/** The ways that a model stands beside. */
const methods = [
  ['naive', 'last value'],
  ['seasonalNaive', 'a season before'],
  ['drift', 'drift'],
  ['smoothing', 'smoothing alone'],
] as const;

/** The forecasts of each series; the errors beside simple guesses; by step; residuals; coverage. */
export async function forecastSections({ evaluation, shown, left, next, account }: ReportInput): Promise<Html[]> {
  const series = shown.filter((part) => part.kind === 'forecast');
  const scores = evaluation?.kind === 'forecast' ? evaluation : undefined;
  return [
    ...(series.length > 0 ? [await pictures(series, left, { next, account })] : []),
    ...(scores ? [errorsTable(scores), ...(await byStep(scores))] : []),
    ...(series.some(({ columns }) => columns.some(({ histogram }) => histogram.length > 0))
      ? [await residuals(series[0])]
      : []),
    ...(scores?.series ? [seriesTable(scores, account?.series?.count)] : []),
    ...(scores?.folds ? [foldsTable(scores)] : []),
  ];
}

/** Rows of forecasts, and points of the lines of everything, that a page has in all: some 300 and 12 bytes each, packed a quarter of them. */
const most = { forecasts: 2400, points: 12_000 };

async function pictures(
  all: readonly ShownForecasts[],
  left: number,
  { next, account }: Pick<ReportInput, 'next' | 'account'>,
): Promise<Html> {
  const lines = all.length * (all[0]?.columns.length ?? 1);
  const series = all.map((one) => withNewest(one, Math.max(48, Math.floor(most.forecasts / lines))));
  const points = Math.max(200, Math.floor(most.points / lines));
  const blocks: Html[] = [];
  for (const one of series) {
    const coming = next?.find(({ series: name }) => name === one.series);
    blocks.push(html`${await seriesFigures(one, points, coming?.columns)}`);
  }
  const names = series.map(({ series: name, relative }, i) => {
    const error = relative > 0 ? `, error ${formatNumber(relative)}` : '';
    return html`<option value="${i}">${name}${error}</option>`;
  });
  const [first] = series;
  const part =
    first.shown < first.scored
      ? html`<p>Of ${first.scored} rows that were forecast the newest ${first.shown} are drawn.</p>`
      : undefined;
  const picker =
    series.length > 1 &&
    html`<p><label>Series, the worst first: <select data-picker>${names}</select></label>${
      left > 0 && ` ${left} between the worst and the best are left out.`
    }</p>`;
  const entries: [string, string][] = [
    ['what happened', colour.ink],
    ['forecast before it happened', colour.c2],
    ...(next ? [['what comes next', colour.c1] as [string, string]] : []),
  ];
  return html`<section id="forecasts"><h2>Forecasts</h2>${picker}${legend(entries)}${part}${filledIn(account)}${picked(blocks)}</section>`;
}

/** Values of the data that are none of it, and are drawn as if they had happened. */
function filledIn(account: ReportInput['account']): Html[] {
  const filled = account?.columns.filter(({ use, missing, filled }) => use === 'target' && missing && filled) ?? [];
  return filled.map(
    ({ name, missing = 0, filled: how }) =>
      html`<p class="note">${counted(missing, 'value')} of ${name} ${missing === 1 ? 'is' : 'are'} missing, and drawn as if they were there: ${how}.</p>`,
  );
}

/** A series with the forecasts of its newest rows only, so many of them at most. */
function withNewest(one: ShownForecasts, rows: number): ShownForecasts {
  if (one.shown <= rows) return one;
  let shown = 0;
  const columns = one.columns.map((column): ShownColumn => {
    let first = column.forecasts.length;
    shown = 0;
    while (first > 0 && (shown === 0 || shown + column.forecasts[first - 1].x.length <= rows)) {
      first--;
      shown += column.forecasts[first].x.length;
    }
    return { ...column, forecasts: column.forecasts.slice(first) };
  });
  return { ...one, columns, shown: Math.min(one.shown, shown) };
}

/**
 * The newest rows in detail, wide and for a phone, and everything.
 * @param points of the line of everything
 */
async function seriesFigures(
  one: ShownForecasts,
  points: number,
  next: readonly ShownBlock[] | undefined,
): Promise<Html[]> {
  const made: Html[] = [];
  for (const [c, column] of one.columns.entries()) {
    const picture = { axis: one.axis, column, ...(next?.[c] && { next: next[c] }) };
    const { x } = column.actual;
    const first = column.forecasts[0]?.x[0];
    const last = next?.[c]?.x.at(-1) ?? x.at(-1) ?? 0;
    // The part that was forecast, and a third as much before it.
    const start = first ?? x[Math.max(0, x.length - 120)];
    const from = start - (last - start) / 3;
    const name = one.series === '' ? column.name : `${one.series}: ${column.name}`;
    const parts = [
      ...(first === undefined ? [] : ['the part that was forecast']),
      ...(next ? ['what comes next'] : []),
    ];
    const detail = `${name}, ${first === undefined ? 'the newest rows' : parts.join(' and ')}`;
    made.push(figure(await drawForecasts(picture, { title: detail, from }), 'wide'));
    const newest = x[Math.max(0, x.length - 60)];
    const narrow = { title: `${name}, the newest rows`, from: Math.max(from, newest), width: 380 };
    made.push(figure(await drawForecasts(picture, narrow), 'narrow'));
    if (x.length > 0 && from > x[0]) {
      // Its numbers are those of the others, as far as anybody could point at them.
      const actual = reducePoints(x, column.actual.y, points);
      const all = { ...picture, column: { ...column, actual } };
      const { tips: _, ...whole } = await drawForecasts(all, { title: `${name}, everything` });
      made.push(figure(whole, 'wide'));
    }
  }
  return made;
}

function errorsTable({ targets, season }: ForecastEvaluation): Html {
  const several = targets.length > 1;
  const rows = targets.flatMap((target) =>
    linesOf(target).map(([name, errors]) => [
      ...(several ? [target.column] : []),
      name,
      ...[errors.mae, errors.rmse].map(formatNumber),
      `${errors.smape.toFixed(1)} %`,
      errors.mase === null ? '–' : formatNumber(errors.mase),
    ]),
  );
  const head = [...(several ? ['column'] : []), 'forecast', 'MAE', 'RMSE', 'sMAPE', 'MASE'];
  const scale = season > 1 ? `the value ${season} rows before` : 'the last value';
  return html`<section id="errors"><h2>Beside simple guesses</h2>${table(head, rows)}<p class="note">Means over all steps. MASE: the mean absolute error over that of ${scale} on the rows trained on.</p></section>`;
}

function linesOf(target: TargetErrors) {
  return [
    ['model', target] as const,
    ...methods.flatMap(([key, name]) => {
      const errors = target[key];
      return errors ? [[name, errors] as const] : [];
    }),
  ];
}

/** A value per step of the horizon; NaN of those that nothing was compared at. */
function alongSteps({ steps }: MethodErrors, of: (step: MethodErrors['steps'][number]) => number): number[] {
  const values = new Array<number>(steps.at(-1)?.step ?? 0).fill(Number.NaN);
  for (const one of steps) values[one.step - 1] = of(one);
  return values;
}

async function byStep({ targets, horizon }: ForecastEvaluation): Promise<Html[]> {
  const figures: Html[] = [];
  for (const target of targets) {
    const { column } = target;
    const lines = linesOf(target).map(([name, errors]) => ({ name, values: alongSteps(errors, ({ mae }) => mae) }));
    if (horizon > 1) {
      figures.push(
        html`<div>${figure(await drawSteps(`${column}: mean absolute error by step`, 'MAE', lines))}${legend(
          lines.map(({ name }, i) => [name, lineColours[i % lineColours.length]]),
        )}</div>`,
      );
    }
    const coverage = (target.coverage ?? []).map(({ probability }, i) => ({
      name: `${shortPercent(probability)} interval`,
      values: alongSteps(target, ({ coverage = [] }) => coverage[i]?.share ?? Number.NaN),
    }));
    if (coverage.length > 0 && horizon > 1) {
      const wanted = (target.coverage ?? []).map(({ probability }) => probability);
      const title = `${column}: values inside the intervals, by step; dashed: as many as there should be`;
      figures.push(
        html`<div>${figure(await drawSteps(title, 'share inside', coverage, wanted))}${legend(
          coverage.map(({ name }, i) => [name, lineColours[i]]),
        )}</div>`,
      );
    }
  }
  const told = targets.flatMap(({ column, coverage = [] }) =>
    coverage.map(({ probability, share }) => [column, shortPercent(probability), percent(share)]),
  );
  if (figures.length === 0 && told.length === 0) return [];
  return [
    html`<section id="steps"><h2>By step, and the intervals</h2><div class="grid">${figures}</div>${
      told.length > 0 && table(['column', 'interval', 'values inside'], told)
    }</section>`,
  ];
}

async function residuals(one: ShownForecasts): Promise<Html> {
  const figures: Html[] = [];
  for (const { name, residuals: points, histogram } of one.columns) {
    figures.push(figure(await drawResiduals(one.axis, name, points)));
    const title = `${name}: distribution of the residuals`;
    figures.push(figure(await drawHistogram(title, 'actual − forecast', histogram)));
  }
  const of = one.series !== '' && html`<p class="note">Of ${one.series}.</p>`;
  return html`<section id="residuals"><h2>Residuals</h2>${of}<div class="grid">${figures}</div></section>`;
}

function seriesTable({ series = [], targets }: ForecastEvaluation, count = series.length): Html {
  const rows = series
    .flatMap(({ name, samples, targets, verdict }) =>
      targets.map(({ column, mae, mase }) => ({ name, column, samples, mae, mase, verdict })),
    )
    .sort((a, b) => (b.mase ?? 0) - (a.mase ?? 0));
  const shown = rows.length > 60 ? [...rows.slice(0, 30), ...rows.slice(-30)] : rows;
  const several = targets.length > 1;
  const cells = shown.map(({ name, column, samples, mae, mase, verdict }) => [
    name,
    ...(several ? [column] : []),
    samples,
    formatNumber(mae),
    mase === null ? '–' : formatNumber(mase),
    verdict.ratio === null ? '–' : shortPercent(Number(verdict.ratio.toFixed(2))),
    verdict.than,
  ]);
  const note = rows.length > shown.length ? `The 30 worst and the 30 best of ${rows.length}.` : 'The worst first.';
  const without = count - series.length;
  const lacking = without > 0 && ` ${counted(without, 'series has', 'series have')} no rows in the part held out.`;
  return html`<section id="series"><h2>Series</h2><p class="note">${note}${lacking}</p>${table(['series', ...(several ? ['column'] : []), 'rows', 'MAE', 'MASE', 'of the error of', 'the best simple guess'], cells)}</section>`;
}

function foldsTable({ folds = [] }: ForecastEvaluation): Html {
  const rows = folds.flatMap(({ from, samples, targets, verdict }, i) =>
    targets.map(({ column, mae, rmse }) => [
      from ?? `${i + 1}`,
      column,
      samples,
      formatNumber(mae),
      formatNumber(rmse),
      verdict.text,
    ]),
  );
  return html`<section id="folds"><h2>Folds</h2>${table(['from', 'column', 'rows', 'MAE', 'RMSE', 'verdict'], rows)}</section>`;
}
