/** Reports: pages that show what a model does, and how good it is. */
import { valuesNamed } from '../data/inCode.js';
import { type DataInput, openSource } from '../data/source.js';
import { usageError } from '../errors.js';
import type { ModelInput } from '../model/inputs.js';
import type { Sequential } from '../sequential.js';
import { shown } from '../spelling.js';
import type { AnyTaskModel } from '../tasks/models.js';
import { Pictures } from '../tasks/shown.js';
import { type Described, describe } from './describe.js';
import { type Figure, standalone } from './draw.js';
import { drawGates } from './figures/gates.js';
import { type ShownGates, showLayer } from './gates.js';
import { gatesScript } from './gatesScript.js';
import { html } from './html.js';
import { jsonOf, pageOf, renderReport, sectionsOf } from './page.js';
import { figuresOf } from './plot.js';
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

/** The figures of a report one by one, for notebooks and documents; the gates of its sample last. */
export async function figures(model: AnyTaskModel, data?: DataInput): Promise<ReportFigure[]> {
  const described = await describe(await describedModel(model, data));
  const drawn = figuresOf(await sectionsOf(described));
  const { layers = [], tokens } = described.gates ?? {};
  return [...drawn, ...layers.map((layer) => drawGates(layer, tokens))].map(reportFigure);
}

/**
 * What the gates of every recurrent layer of a network do with the first of some inputs, a figure for each layer (of a Bidirectional two): maps
 * of steps × units, white at 0 and full at 1; candidate, cell and state blue below 0 and orange above. At most 96 units and 500 steps are drawn.
 *
 *     const [{ svg }] = await gateFigures(model, [sequence]);
 *
 * @param x (B, T, features), or (B, T) for an Embedding
 * @throws MemcellError (model) for a model that is no stack of layers, or has no recurrent one
 */
export async function gateFigures(model: Sequential, x: ModelInput): Promise<ReportFigure[]> {
  if (typeof model?.gates !== 'function') throw usageError(`gateFigures takes a model of layers, not ${shown(model)}`);
  return (await model.gates(x)).map((layer) => reportFigure(drawGates(showLayer(layer))));
}

function reportFigure({ title, svg }: Figure): ReportFigure {
  return { title, svg: standalone(svg) };
}

async function describedModel(model: AnyTaskModel, data: DataInput | undefined): Promise<Described> {
  if (typeof model !== 'object' || model === null || !('loaded' in model)) {
    throw usageError(`a report is of a model that forecast(), classify(), … or loadTask gave, not ${shown(model)}`);
  }
  const { loaded, understood, warnings } = model;
  const common = {
    loaded,
    warnings,
    ...(understood && { account: understood }),
  };
  if (data === undefined) {
    const { evaluation, on, pictures } = model;
    return { ...common, ...(evaluation && { evaluation, on }), ...(pictures && { pictures }) };
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
