import { counted, formatAlike, formatNumber, formatValue } from '../../format.js';
import { signed } from '../axes.js';
import { lineColours } from '../draw.js';
import { drawAttribution } from '../figures/attribution.js';
import { gatesTitle, mapCaption } from '../figures/gates.js';
import { drawInput, mapMargins } from '../figures/input.js';
import type { ShownGates, ShownLayer } from '../gates.js';
import { type Html, html, table } from '../html.js';
import { figure, legend } from './figure.js';

/** Maps of what each layer's gates did over the steps, under the input; and what the output hangs on. */
export async function gatesSections(shown: ShownGates): Promise<Html[]> {
  return [await maps(shown), ...(shown.attribution ? [await hangsOn(shown, shown.attribution)] : [])];
}

/** What figures measure on a phone. */
const narrow = 380;

async function maps({ name, input, tokens, layers }: ShownGates): Promise<Html> {
  const above = input && [
    figure(await drawInput(input.values, input.features), 'wide'),
    figure(await drawInput(input.values, input.features, narrow), 'narrow'),
  ];
  const lines =
    input &&
    input.features.length > 1 &&
    legend(input.features.slice(0, lineColours.length).map((feature, c) => [feature, lineColours[c]]));
  return html`<section id="gates"><h2>Gates</h2><p class="note">Of ${name}. Steps from left to right; a row is a unit, sorted by when it is active. Gates are empty at 0 and full at 1; candidate, cell and state are ${html`<b style="color:var(--c1)">below 0</b>`} or ${html`<b style="color:var(--c2)">above</b>`}. The pointer shows the numbers and follows one unit.</p>${lines}${above}${layers.map(
    (layer, i) => layerMaps(layer, i, tokens),
  )}</section>`;
}

function layerMaps(
  { layer, kind, steps, of, units, halfLives, maps: all }: ShownLayer,
  index: number,
  tokens?: string[],
): Html {
  const { width, left, right } = mapMargins;
  const share = (pixels: number) => `${((100 * pixels) / width).toFixed(3)}%`;
  const around = `padding-left:${share(left)};padding-right:${share(right)}`;
  const height = Math.max(40, Math.min(160, 5 * units.length));
  const canvases = all.map(
    ({ name: map, low, high }) =>
      html`<figure style="${around}"><canvas data-layer="${index}" style="height:${height}px" role="img" aria-label="${`${map} of ${layer}: ${counted(units.length, 'unit')}, ${counted(steps, 'step')}`}"></canvas><figcaption>${mapCaption(map, low, high)}</figcaption></figure>`,
  );
  // Words, cut from what stood between them.
  const apart = tokens?.some((token) => token.length > 1) && !tokens.some((token) => /^\s/.test(token));
  const text =
    tokens &&
    html`<p class="note">The text, coloured by the cell state of the unit under the pointer:</p><pre class="text" data-text="${index}">${tokens
      .slice(-steps)
      .map((token) => html`<span>${token === '\n' ? '↵\n' : token}</span>${apart && ' '}`)}</pre>`;
  const under =
    tokens &&
    steps <= 130 &&
    html`<div class="steps" style="${around}">${tokens.slice(-steps).map((token) => html`<span>${token === '\n' ? '↵' : token}</span>`)}</div>`;
  return html`<h3>${gatesTitle({ layer, kind, steps, of, units })}</h3><p class="told" data-told="${index}">Point at a map.</p>${under}${canvases}${text}${halfLives && lives(units, halfLives)}`;
}

function lives(units: readonly number[], halfLives: readonly (number | null)[]): Html {
  const sorted = units
    .map((unit, i) => ({ unit, life: halfLives[i] ?? Number.POSITIVE_INFINITY }))
    .sort((a, b) => b.life - a.life);
  const rows = sorted.slice(0, 8).map(({ unit, life }) => [`unit ${unit}`, stepsText(life)]);
  const middle = sorted[Math.floor(sorted.length / 2)].life;
  return html`<details><summary>Memory: half of the units keep half of what they hold for ${stepsText(middle)} steps or longer</summary>${table(['longest', 'half-life, steps'], rows)}</details>`;
}

/** A half-life; two digits are as much as it tells. */
function stepsText(life: number): string {
  return Number.isFinite(life) ? formatValue(Number(life.toPrecision(2))) : 'endless';
}

async function hangsOn(
  { input, tokens }: ShownGates,
  attribution: NonNullable<ShownGates['attribution']>,
): Promise<Html> {
  const features = input?.features ?? [];
  const { what, values, output, baseline, gap } = attribution;
  const drawn = [
    figure(await drawAttribution(values, features, tokens), 'wide'),
    figure(await drawAttribution(values, features, tokens, narrow), 'narrow'),
  ];
  const totals = features.map((feature, c) => ({ feature, sum: values.reduce((sum, row) => sum + row[c], 0) }));
  const rows = totals.sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum)).slice(0, 20);
  const alike = formatAlike(
    rows.map(({ sum }) => sum),
    rows[0]?.sum ?? 0,
  );
  return html`<section id="attribution"><h2>What the output hangs on</h2><p class="note">Integrated gradients of the largest output${what !== undefined && `, ${JSON.stringify(what)}`}: they sum to its ${formatNumber(output)} less the ${formatNumber(baseline)} of an input of zeros, but for ${gap.toExponential(1)}.</p>${drawn}${
    rows.length > 1 &&
    table(
      ['input', 'adds, over all steps'],
      rows.map(({ feature }, i) => [feature, signed(alike[i])]),
    )
  }</section>`;
}
