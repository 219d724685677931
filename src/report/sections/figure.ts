import type { Figure } from '../draw.js';
import { Html, html } from '../html.js';

/** A figure in a page; `only` shows it on wide or narrow screens alone. */
export function figure(drawn: Figure, only?: 'wide' | 'narrow'): Html {
  const { svg, title, tips } = drawn;
  const data = tips && JSON.stringify(tips);
  return html`<figure${only && html` class="${only}"`}${data && html` data-tips="${data}"`}>${new Html(svg, [drawn])}<figcaption>${title}</figcaption></figure>`;
}

/** What the lines of a figure are. */
export function legend(entries: readonly [string, string][]): Html {
  return html`<p class="legend">${entries.map(
    ([name, colour]) => html`<span><i style="background:${colour}"></i>${name}</span> `,
  )}</p>`;
}
