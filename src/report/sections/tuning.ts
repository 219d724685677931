import { formatDuration, formatNumber } from '../../format.js';
import { drawTrials } from '../figures/trials.js';
import { type Html, html, table } from '../html.js';
import type { ReportInput } from '../input.js';
import { figure } from './figure.js';

/** Rows of the table that are seen at once. */
const mostSeen = 15;

/** The trials of a search over settings, drawn in their order and listed by their error. */
export async function tuningSection({ tuning }: Pick<ReportInput, 'tuning'>): Promise<Html | undefined> {
  if (tuning === undefined) return undefined;
  const { metric, verdict, trials } = tuning;
  const order = trials.toSorted((a, b) => (a.error ?? Infinity) - (b.error ?? Infinity));
  const rows = order.map(({ trial, error, parameters, seconds, given, failed }) => [
    trial,
    error === undefined ? '–' : formatNumber(error),
    parameters ?? '–',
    formatDuration(seconds),
    failed ?? (given === '' ? 'the defaults' : html`<code>${given}</code>`),
  ]);
  const head = ['trial', metric, 'parameters', 'time', 'settings'];
  const rest = rows.slice(mostSeen);
  return html`<section id="tuning"><h2>Settings</h2>${verdict.map((line) => html`<p>${line}</p>`)}${figure(await drawTrials(tuning))}${table(head, rows.slice(0, mostSeen))}${
    rest.length > 0 && html`<details><summary>${rest.length} more</summary>${table(head, rest)}</details>`
  }</section>`;
}
