import { gatesScript } from './gatesScript.js';
import { Html, html } from './html.js';
import type { Evaluation, ReportInput } from './input.js';
import { pageScript } from './script.js';
import { classifySections, mostClasses } from './sections/classify.js';
import { dataSection, modelSection, predictedSection, trainingSection } from './sections/common.js';
import { forecastSections } from './sections/forecast.js';
import { gatesSections } from './sections/gates.js';
import { symbolsSections } from './sections/symbols.js';
import { textSections } from './sections/text.js';
import { tuningSection } from './sections/tuning.js';
import { style } from './style.js';

/** What each task shows beside what all show. */
const sections = {
  forecast: forecastSections,
  classify: classifySections,
  text: textSections,
  symbols: symbolsSections,
};

/** The sections of a report, in their order. */
export async function sectionsOf(input: ReportInput): Promise<Html[]> {
  return [
    await tuningSection(input),
    ...(await sections[input.kind](input)),
    predictedSection(input),
    ...(input.gates ? await gatesSections(input.gates) : []),
    await trainingSection(input),
    dataSection(input),
    modelSection(input),
  ].filter((part) => part !== undefined);
}

/** A report as one HTML page that needs nothing else: no network, no other file. */
export async function renderReport(input: ReportInput): Promise<string> {
  const parts = await sectionsOf(input);
  const { title, headline, warnings } = input;
  const notes = input.evaluation && 'notes' in input.evaluation ? input.evaluation.notes : [];
  const body = html`<h1>${title}</h1>
${headline.map((line) => html`<p class="lead">${line}</p>`)}${warnings.map((line) => html`<p class="warning">${line}</p>`)}
${notes.length > 0 && html`<ul class="note">${notes.map((note) => html`<li>${note}</li>`)}</ul>`}
${links(parts)}
${parts}
${input.tuning && jsonOf('tuning-data', input.tuning)}${input.evaluation && jsonOf('evaluation', bounded(input.evaluation))}${input.gates && jsonOf('gates-data', input.gates)}`;
  return pageOf(title, body, [pageScript, ...(input.gates ? [gatesScript] : [])]);
}

/** An evaluation without a matrix of so many classes that it is not drawn. */
function bounded(evaluation: Evaluation): object {
  if (evaluation.kind !== 'classify' || evaluation.classes.length <= mostClasses) return evaluation;
  const { confusion: _, ...rest } = evaluation;
  return rest;
}

/** A page around its body. */
export function pageOf(title: string, body: Html, scripts: readonly (() => void)[]): string {
  const text = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${title}</title><link rel="icon" href="data:,"><style>${new Html(style)}</style></head>
<body>
${body}
${scripts.map((script) => html`<script>${new Html(scriptText(script))}</script>`)}
</body></html>
`;
  return text.text;
}

/** A function as a page runs it. */
export function scriptText(script: () => void): string {
  return `(${String(script)})()`;
}

/** Data in a page for programs: `JSON.parse` of the element's text gives it. */
export function jsonOf(id: string, value: object): Html {
  return html`<script type="application/json" id="${id}">${new Html(JSON.stringify(value).replace(/</g, '\\u003c'))}</script>`;
}

/** Links to the sections. */
export function links(parts: readonly Html[]): Html {
  const found = parts.flatMap(({ text }) => {
    const match = /^<section id="([^"]+)"><h2>([^<]*)/.exec(text);
    return match ? [html`<a href="#${match[1]}">${new Html(match[2])}</a> `] : [];
  });
  return html`<nav>${found}</nav>`;
}
