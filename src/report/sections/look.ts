import { formatAlike } from '../../format.js';
import { colour } from '../draw.js';
import { drawAutocorrelation } from '../figures/autocorrelation.js';
import { drawCorrelations } from '../figures/correlations.js';
import { drawCounts } from '../figures/counts.js';
import { drawCycle } from '../figures/cycle.js';
import { drawHistogram } from '../figures/histogram.js';
import { drawMissing } from '../figures/missing.js';
import { drawSeries } from '../figures/series.js';
import { type Html, html, table } from '../html.js';
import type { LookedColumn, LookedSeries, TableLook } from '../look/shown.js';
import { picked } from '../packed.js';
import { dataSection } from './common.js';
import { figure, legend } from './figure.js';

/** Columns over time, what is missing, how values lie and hang together, and what was understood of the table. */
export async function lookSections(look: TableLook): Promise<Html[]> {
  return [
    await overTime(look),
    await missingSection(look),
    ...(look.correlations ? [await correlationsSection(look.correlations, look.series.length > 1)] : []),
    numbersSection(look),
    ...(look.lengths ? [lengthsSection(look.lengths)] : []),
    dataSection({ account: look.understood }),
  ].filter((part) => part !== undefined);
}

async function overTime({ axis, series }: TableLook): Promise<Html> {
  const blocks: Html[] = [];
  for (const one of series) {
    const drawn: Html[] = [];
    for (const column of one.columns) drawn.push(await columnFigures(axis, one, column));
    blocks.push(html`${drawn}`);
  }
  const picker =
    series.length > 1 &&
    html`<p><label>Series: <select data-picker>${series.map(
      ({ name, rows }, i) => html`<option value="${i}">${name}, ${rows} rows</option>`,
    )}</select></label></p>`;
  return html`<section id="columns"><h2>Columns</h2>${picker}${picked(blocks)}</section>`;
}

async function columnFigures(
  axis: TableLook['axis'],
  { name: series }: LookedSeries,
  column: LookedColumn,
): Promise<Html> {
  const name = series === '' ? column.name : `${series}: ${column.name}`;
  const heading = html`<h3>${name}</h3>`;
  if (column.kind === 'names')
    return html`${heading}<div class="grid">${figure(await drawCounts({ ...column, name }))}</div>`;
  const { autocorrelation, cycles, histogram, gaps } = column;
  const title = `${name} by ${axis === 'row' ? 'row' : 'time'}${gaps.length > 0 ? '; values are missing where it is shaded' : ''}`;
  const grid: Html[] = [figure(await drawHistogram(`${name}: distribution`, column.name, histogram))];
  for (const cycle of cycles) grid.push(figure(await drawCycle(name, column.name, cycle)));
  if (autocorrelation) {
    grid.push(
      html`<div>${figure(await drawAutocorrelation(name, autocorrelation))}${legend([
        ['values', colour.c1],
        ['changes from row to row', colour.c2],
      ])}</div>`,
    );
  }
  const wide = figure(await drawSeries(axis, column, { title }), 'wide');
  const narrow = figure(await drawSeries(axis, column, { title, width: 380 }), 'narrow');
  return html`${heading}${wide}${narrow}<div class="grid">${grid}</div>`;
}

async function missingSection({ axis, missing }: TableLook): Promise<Html> {
  const body = missing
    ? html`<div class="scroll">${figure(await drawMissing(axis, missing))}</div>`
    : html`<p>No value is missing.</p>`;
  return html`<section id="missing"><h2>Missing values</h2>${body}</section>`;
}

async function correlationsSection(
  correlations: NonNullable<TableLook['correlations']>,
  several: boolean,
): Promise<Html> {
  const together = several ? ' Rows of all series are taken together.' : '';
  return html`<section id="correlations"><h2>Correlations</h2><p class="note">Of the values of the same row; what only rises together over time is correlated too.${together}</p>${figure(await drawCorrelations(correlations))}</section>`;
}

/** The numbers behind it. */
function numbersSection({ series }: TableLook): Html | undefined {
  const several = series.length > 1;
  const rows = series.flatMap(({ name, columns }) =>
    columns.flatMap((column) => {
      if (column.kind === 'names') return [];
      const { least, quartiles, most, mean, deviation, values, missing } = column;
      const numbers = formatAlike([least, ...quartiles, most, mean, deviation], deviation);
      return [[...(several ? [name] : []), column.name, values, missing, ...numbers]];
    }),
  );
  if (rows.length === 0) return undefined;
  const head = [
    ...(several ? ['series'] : []),
    ...['column', 'values', 'missing', 'least', '25 %', '50 %', '75 %', 'most', 'mean', 'deviation'],
  ];
  return html`<section id="numbers"><h2>In numbers</h2>${table(head, rows)}</section>`;
}

/** Series that are listed: the longest and the shortest. */
const mostListed = 60;

function lengthsSection(lengths: NonNullable<TableLook['lengths']>): Html {
  const sorted = [...lengths].sort((a, b) => b.rows - a.rows);
  const shown =
    sorted.length > mostListed ? [...sorted.slice(0, mostListed / 2), ...sorted.slice(-mostListed / 2)] : sorted;
  const note =
    shown.length < sorted.length
      ? `The ${mostListed / 2} longest and the ${mostListed / 2} shortest of ${sorted.length}.`
      : 'The longest first.';
  return html`<section id="series"><h2>Series</h2><p class="note">${note}</p>${table(
    ['series', 'rows', 'missing values'],
    shown.map(({ name, rows, missing }) => [name, rows, missing]),
  )}</section>`;
}
