import { formatDuration, formatNumber } from '../../format.js';
import { drawTrials } from '../figures/trials.js';
import { foldedTable, type Html, html } from '../html.js';
import type { ReportInput } from '../input.js';
import { figure } from './figure.js';

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
  return html`<section id="tuning"><h2>Settings</h2>${verdict.map((line) => html`<p>${line}</p>`)}${figure(await drawTrials(tuning))}${foldedTable(head, rows)}</section>`;
}
