import { valuesNamed } from '../data/inCode.js';
import { type DataInput, openSource } from '../data/source.js';
import { spelledInCode } from '../tasks/codeSpelling.js';
import { checkOptions } from '../tasks/options.js';
import { type Figure, paletteCss, standalone } from './draw.js';
import { Html, html } from './html.js';
import type { ReportFigure } from './index.js';
import { lookAt } from './look/look.js';
import { type PlotOptions, plotOptions } from './look/options.js';
import type { TableLook } from './look/shown.js';
import { jsonOf, links, pageOf } from './page.js';
import { pageScript } from './script.js';
import { lookSections } from './sections/look.js';

/** A look at a table: as a page, figure by figure, and in numbers. */
export interface TablePlot {
  /** One HTML page that needs no network. */
  html: string;
  /** Each an SVG file's text, light or dark as the reader prefers it. */
  figures: ReportFigure[];
  /** What the figures draw. */
  look: TableLook;
}

/**
 * Looks at a table before anything is trained on it: each column over time, its distribution, its average over the seasons
 * and its autocorrelation, what is missing, what correlates. Nothing is filled in.
 *
 *     const { html, figures, look } = await plot('sales.csv', { columns: ['sold'], group: ['store'] });
 *
 * @throws MemcellError for a table that cannot be understood, and one without a column to draw
 */
export async function plot(data: DataInput, options: PlotOptions = {}): Promise<TablePlot> {
  const checked = checkOptions(plotOptions, options, 'plot');
  const look = await spelledInCode(() => lookAt(openSource(valuesNamed(data)), checked));
  const sections = await lookSections(look);
  return {
    html: lookPage(look, sections),
    figures: figuresOf(sections).map(({ title, svg }) => ({ title, svg: standalone(svg) })),
    look,
  };
}

/** @internal The page of a table. */
export function lookPage(look: TableLook, sections: readonly Html[]): string {
  const { understood, left } = look;
  const title = `A look at ${understood.source.replace(/^.*[\\/]/, '')}`;
  const body = html`<h1>${title}</h1>
${left.map((line) => html`<p class="warning">${line}</p>`)}
${links(sections)}
${[...sections]}
${jsonOf('look', look)}`;
  return pageOf(title, body, [pageScript]);
}

/** @internal Those for wide and for narrow screens are one. */
export function figuresOf(sections: readonly Html[]): Figure[] {
  const found = new Map<string, Figure>();
  for (const figure of sections.flatMap(({ figures }) => figures)) {
    if (!found.has(figure.title)) found.set(figure.title, figure);
  }
  return [...found.values()];
}

/** A title in two lines at most. */
function linesOf(title: string, columns: number): string[] {
  const most = columns * titleLength;
  if (title.length <= most) return [title];
  const space = title.lastIndexOf(' ', most);
  const end = space > most / 2 ? space : most;
  const rest = title.slice(end).trim();
  return [title.slice(0, end), rest.length > most ? `${rest.slice(0, most - 1)}…` : rest];
}

function sizeOf(svg: string): [number, number] {
  const box = /^<svg[^>]* viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg);
  if (box === null) throw new Error('a figure without a size');
  return [Number(box[1]), Number(box[2])];
}

/** Pixels of a sheet: its width, a column's, and what stands above and between figures. */
const sheet = { width: 960, column: 480, title: 38, gap: 22 };

/** Characters of a title in one column. */
const titleLength = 68;

/** @internal Figures as one SVG file: wide ones one under another, others two in a line, each under its title. */
export function sheetOf(figures: readonly Figure[]): string {
  const parts: Html[] = [];
  let [x, y, tallest] = [0, 0, 0];
  for (const { title, svg } of figures) {
    const [width, height] = sizeOf(svg);
    const wide = width > sheet.column;
    if (x > 0 && (wide || x + sheet.column > sheet.width)) {
      y += tallest;
      [x, tallest] = [0, 0];
    }
    parts.push(
      html`<g transform="translate(${x} ${y})"><text font-size="12" fill="var(--ink)">${linesOf(
        title,
        wide ? 2 : 1,
      ).map(
        (line, i) => html`<tspan x="4" y="${14 + 15 * i}">${line}</tspan>`,
      )}</text><g transform="translate(0 ${sheet.title})">${new Html(svg)}</g></g>`,
    );
    tallest = Math.max(tallest, sheet.title + height + sheet.gap);
    x += wide ? sheet.width : sheet.column;
  }
  const size = html`width="${sheet.width}" height="${y + tallest}" viewBox="0 0 ${sheet.width} ${y + tallest}"`;
  return `${html`<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="system-ui, sans-serif"><style>${new Html(paletteCss('svg'))}</style><rect width="100%" height="100%" fill="var(--paper)"/>${parts}</svg>`}\n`;
}
