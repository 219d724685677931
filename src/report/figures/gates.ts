import { counted } from '../../format.js';
import { signed } from '../axes.js';
import { colour, type Figure } from '../draw.js';
import type { ShownLayer } from '../gates.js';
import { escaped } from '../html.js';
import { mapMargins } from './input.js';

/** Shades of a map: more cannot be told apart. */
const shades = 12;
const titleHeight = 18;
const gap = 6;
const mostLabels = 130;

/**
 * What a layer's gates did, as maps under one another: steps from left to right, a row for each unit. Gates are white at 0 and full at 1;
 * candidate, cell and state are blue below 0 and orange above.
 */
export function drawGates({ layer, kind, units, steps, of, maps }: ShownLayer, tokens?: readonly string[]): Figure {
  const { width, left, right } = mapMargins;
  const cell = (width - left - right) / steps;
  const row = Math.max(40, Math.min(160, 10 * units.length)) / units.length;
  const height = row * units.length;
  const drawn = maps.map(({ name, low, high, bytes }, i) => {
    const top = i * (titleHeight + height + gap);
    const values = Array.from(atob(bytes), (byte) => byte.charCodeAt(0) / 255);
    const paths = low < 0 ? around0(values, steps) : positive(values, steps);
    return `<text x="${left}" y="${top + 13}">${escaped(mapCaption(name, low, high))}</text><g transform="translate(${left},${top + titleHeight}) scale(${short(cell)},${short(row)})" shape-rendering="crispEdges">${paths}</g><rect x="${left}" y="${top + titleHeight}" width="${width - left - right}" height="${short(height)}" fill="none" stroke="${colour.faint}"/>`;
  });
  const bottom = maps.length * (titleHeight + height + gap);
  const every = Math.ceil(steps / 25);
  const labels = Array.from({ length: steps }, (_, t) => {
    if (tokens && steps <= mostLabels) return [t, tokens.slice(-steps)[t].replace('\n', '↵')] as const;
    return t % every === 0 ? ([t, String(t + 1)] as const) : undefined;
  }).filter((label) => label !== undefined);
  const under = labels.map(
    ([t, text]) =>
      `<text x="${short(left + (t + 0.5) * cell)}" y="${bottom + 10}" text-anchor="middle">${escaped(text)}</text>`,
  );
  const title = `Gates of ${gatesTitle({ layer, kind, units, steps, of })}`;
  const svg = `<svg role="img" xmlns="http://www.w3.org/2000/svg" aria-label="${escaped(title)}" viewBox="0 0 ${width} ${short(bottom + 30)}" width="${width}" height="${short(bottom + 30)}" font-family="system-ui, sans-serif" font-size="12" fill="${colour.ink}">${drawn.join('')}${under.join('')}<text x="${width - right}" y="${short(bottom + 26)}" text-anchor="end">step →</text></svg>`;
  return { svg, title };
}

/** 'lstm (LSTM): the 96 most active of 128 units over 50 steps' */
export function gatesTitle({ layer, kind, units, steps, of }: Omit<ShownLayer, 'maps' | 'halfLives'>): string {
  const most =
    units.length < of.units ? `the ${units.length} most active of ${of.units} units` : counted(of.units, 'unit');
  const last = steps < of.steps ? `the last ${steps} of ${of.steps} steps` : counted(of.steps, 'step');
  return `${layer} (${kind}): ${most} over ${last}`;
}

/** 'forget gate, 0 to 1', 'cell, −2.31 to 2.31' */
export function mapCaption(name: string, low: number, high: number): string {
  const short = (value: number) => signed(String(Number(value.toPrecision(3))));
  return `${low < 0 ? name : `${name} gate`}, ${short(low)} to ${short(high)}`;
}

function positive(values: readonly number[], steps: number): string {
  return shaded(values, steps, colour.ink);
}

function around0(values: readonly number[], steps: number): string {
  const around = values.map((value) => 2 * value - 1);
  return (
    shaded(
      around.map((value) => -value),
      steps,
      colour.c1,
    ) + shaded(around, steps, colour.c2)
  );
}

/** The cells of each shade as one path, in steps and rows. */
function shaded(values: readonly number[], steps: number, fill: string): string {
  const paths = Array.from({ length: shades + 1 }, () => '');
  for (const [i, value] of values.entries()) {
    const shade = Math.round(shades * value);
    if (shade > 0) paths[shade] += `M${i % steps} ${Math.floor(i / steps)}h1v1h-1z`;
  }
  return paths
    .map((d, shade) => d && `<path d="${d}" fill="${fill}" fill-opacity="${short(shade / shades)}"/>`)
    .join('');
}

function short(value: number): string {
  return String(Math.round(1000 * value) / 1000);
}
