/** Reports: pages that show what a model does, and how good it is. */
import { type DataInput, openSource } from '../data/source.js';
import { MemcellError } from '../errors.js';
import { type AnyTaskModel, valuesNamed } from '../tasks/functions.js';
import { Pictures } from '../tasks/shown.js';
import { type Described, describe } from './describe.js';
import { standalone } from './draw.js';
import type { ShownGates } from './gates.js';
import { gatesScript } from './gatesScript.js';
import { html } from './html.js';
import { jsonOf, pageOf, renderReport, sectionsOf } from './page.js';
import { pageScript } from './script.js';
import { gatesSections } from './sections/gates.js';

export type { Described } from './describe.js';

/** The page of a model, as a string. */
export async function reportPage(of: Described): Promise<string> {
  return renderReport(await describe(of));
}

/** A figure of a report, as an SVG file's text: light or dark as the reader prefers it. */
export interface ReportFigure {
  title: string;
  svg: string;
}

/**
 * A trained or loaded model of a task as one HTML page that needs no network: what it forecasts or tells, how good it is, how it
 * was trained, what its gates do.
 *
 *     await writeFile('report.html', await report(await forecast(rows, { target: 'sales' })));
 *
 * @param data scored and drawn, for a model that was loaded
 */
export async function report(model: AnyTaskModel, data?: DataInput): Promise<string> {
  return reportPage(await describedModel(model, data));
}

/** The figures of a report one by one, for notebooks and documents. */
export async function figures(model: AnyTaskModel, data?: DataInput): Promise<ReportFigure[]> {
  const sections = await sectionsOf(await describe(await describedModel(model, data)));
  return sections.flatMap(({ figures: drawn }) => drawn.map(({ title, svg }) => ({ title, svg: standalone(svg) })));
}

async function describedModel(model: AnyTaskModel, data: DataInput | undefined): Promise<Described> {
  const { loaded, understood, warnings } = model;
  const common = {
    loaded,
    warnings,
    ...(understood && { account: understood }),
  };
  if (data === undefined) {
    const { evaluation, pictures } = model;
    return { ...common, ...(evaluation && { evaluation, on: ', held out' }), ...(pictures && { pictures }) };
  }
  const pictures = new Pictures();
  const evaluation = await model.score(data, { shown: pictures.add });
  return { ...common, evaluation, pictures, source: openSource(model.kind === 'forecast' ? valuesNamed(data) : data) };
}

/** A page of the gates of one sample. */
export async function gatesPage(title: string, shown: ShownGates): Promise<string> {
  const body = html`<h1>${title}</h1>${await gatesSections(shown)}${jsonOf('gates-data', shown)}`;
  return pageOf(title, body, [pageScript, gatesScript]);
}

/**
 * Writes a page to a file, whole or not at all.
 * @throws MemcellError (io) when it cannot be written
 */
export async function writePage(file: string, page: string): Promise<void> {
  const { default: writeWhole } = await import('write-file-atomic');
  try {
    await writeWhole(file, page);
  } catch (cause) {
    throw new MemcellError(`${file}: cannot be written (${(cause as NodeJS.ErrnoException).code ?? cause})`, {
      code: 'io',
      cause,
    });
  }
}
