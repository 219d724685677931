import { gzipSync, strToU8 } from 'fflate';
import { base64 } from '../data/base64.js';
import { Html, html } from './html.js';

/**
 * What a picker shows of each series, the first one at once; the others are gzipped, an eighth of their size, until the page's script
 * unpacks the one that was picked.
 */
export function picked(blocks: readonly Html[]): Html[] {
  return blocks.map((block, i) => {
    if (i === 0) return html`<div data-series="0">${block}</div>`;
    const { text } = html`<div data-series="${i}" data-packed="${base64(gzipSync(strToU8(block.text)))}" hidden></div>`;
    return new Html(text, block.figures);
  });
}
