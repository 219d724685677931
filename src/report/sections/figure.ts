import type { Figure } from '../draw.js';
import { Html, html } from '../html.js';

/** A figure in a page; `only` shows it on wide or narrow screens alone. */
export function figure(drawn: Figure, only?: 'wide' | 'narrow'): Html {
  const { svg, title, tips } = drawn;
  return html`<figure${only && html` class="${only}"`}${tips && html` data-tips='${inQuotes(JSON.stringify(tips))}'`}>${new Html(svg, [drawn])}<figcaption>${title}</figcaption></figure>`;
}

/** JSON as the value of an attribute in single quotes, so that its many double ones need no escapes. */
function inQuotes(json: string): Html {
  return new Html(json.replace(/&/g, '&amp;').replace(/'/g, '&#39;').replace(/</g, '&lt;'));
}

/** What the lines of a figure are. */
export function legend(entries: readonly [string, string][]): Html {
  return html`<p class="legend">${entries.map(
    ([name, colour]) => html`<span><i style="background:${colour}"></i>${name}</span> `,
  )}</p>`;
}
