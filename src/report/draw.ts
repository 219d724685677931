/**
 * Figures as SVG text, by Observable Plot on a document of linkedom's: no browser is needed. Both are loaded when the first
 * figure is drawn. Colours are CSS variables (`--ink`, `--c1` …) with a value for light paper, so that a page can give them others
 * in the dark, and an SVG alone follows the reader's preference.
 */
import type * as PlotModule from '@observablehq/plot';
import type { PlotOptions, ScaleOptions } from '@observablehq/plot';
import { shortened } from './axes.js';

export type Plot = typeof PlotModule;

/** Okabe and Ito's colours, which people with any colour vision tell apart, on light and on dark ground. */
const palette: { name: string; light: string; dark: string }[] = [
  { name: 'ink', light: '#1f2933', dark: '#e4e7eb' },
  { name: 'faint', light: '#7b8794', dark: '#9aa5b1' },
  { name: 'paper', light: '#ffffff', dark: '#14181d' },
  { name: 'c1', light: '#0072b2', dark: '#56b4e9' },
  { name: 'c2', light: '#d55e00', dark: '#f0a044' },
  { name: 'c3', light: '#009e73', dark: '#3ecf9f' },
  { name: 'c4', light: '#a0568c', dark: '#e0a3cc' },
  { name: 'c5', light: '#8a6d00', dark: '#f0e442' },
];

/** A colour of the palette, as figures use it. */
export const colour = Object.fromEntries(
  palette.map(({ name, light }) => [name, `var(--${name}, ${light})`]),
) as Record<'ink' | 'faint' | 'paper' | 'c1' | 'c2' | 'c3' | 'c4' | 'c5', string>;

/** The colours of lines, in the order they are used. */
export const lineColours = [colour.c1, colour.c2, colour.c3, colour.c4, colour.c5];

const theme = (which: 'light' | 'dark') => palette.map((one) => `--${one.name}:${one[which]}`).join(';');

/** The palette as CSS: light, and dark where the reader prefers it. */
export function paletteCss(selector: string): string {
  return `${selector}{${theme('light')}}@media (prefers-color-scheme:dark){${selector}{${theme('dark')}}}`;
}

/** A figure, and what a pointer over it shows. */
export interface Figure {
  svg: string;
  title: string;
  /** Where on the x axis, in the SVG's own pixels, and what stands there. */
  tips?: { x: number[]; text: string[] };
}

export interface FigureOptions extends PlotOptions {
  /** For screen readers, and as its caption. */
  title: string;
  /** What is said at points of the x axis. */
  tips?: { at: number[]; text: string[] };
}

const fontSize = 12;

/** @param make makes the marks, given Plot */
export async function draw(make: (plot: Plot) => FigureOptions): Promise<Figure> {
  const [plot, document] = await Promise.all([import('@observablehq/plot'), paper()]);
  const { title, tips, x, y, ...options } = make(plot);
  const drawn = plot.plot({
    width: 440,
    height: 260,
    marginLeft: 52,
    marginTop: 28,
    marginBottom: 40,
    ...options,
    ...(x && { x: labelled(x) }),
    ...(y && { y: labelled(y) }),
    document,
    ariaLabel: title,
    style: { fontSize: `${fontSize}px`, color: colour.ink, background: 'transparent', overflow: 'visible' },
  });
  const svg = drawn.nodeName.toLowerCase() === 'svg' ? drawn : drawn.querySelector('svg:last-of-type');
  if (svg === null) throw new Error('Plot drew no SVG');
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  svg.setAttribute('role', 'img');
  const across = tips && drawn.scale('x');
  return {
    svg: wellFormed(svg.outerHTML).replace(places, (_, name, values) => ` ${name}="${tenths(values)}"`),
    title,
    ...(tips &&
      across && { tips: { x: tips.at.map((at) => Math.round(10 * across.apply(at)) / 10), text: tips.text } }),
  };
}

/** Attributes that say where something is. */
const places = / (d|transform|x|y|x1|x2|y1|y2|cx|cy|width|height)="([^"]*)"/g;

/** Pixels in tenths. */
function tenths(values: string): string {
  return values.replace(/-?\d+\.\d{2,}/g, (value) => String(Number(Number(value).toFixed(1))));
}

/** A scale whose label is not longer than its figure. */
function labelled(scale: ScaleOptions): ScaleOptions {
  return typeof scale.label === 'string' ? { ...scale, label: shortened(scale.label) } : scale;
}

/** The page's document, or one without a page: the browser build has no linkedom. */
async function paper(): Promise<Document> {
  if (typeof document !== 'undefined') return document;
  const { parseHTML } = await import('linkedom');
  return parseHTML('<!doctype html><html><body></body></html>').document;
}

/** In the values of attributes, what XML does not allow there is escaped; quotes are already. */
function wellFormed(svg: string): string {
  const escaped = (value: string) =>
    value
      .replace(/&(?!quot;)/g, '&amp;')
      .replace(/</g, '&lt;')
      .replace(/>/g, '&gt;');
  return svg.replace(/<[a-zA-Z][^\s>]*(?:\s+[^\s=>]+="[^"]*")*\s*\/?>/g, (tag) =>
    tag.replace(/="([^"]*)"/g, (_, value: string) => `="${escaped(value)}"`),
  );
}

/** A figure as an SVG file of its own: its colours with it, and paper under it, for readers whose page is of the other kind. */
export function standalone(svg: string): string {
  return svg.replace(/>/, `><style>${paletteCss('svg')}svg{background:var(--paper)!important}</style>`);
}
