/** Reports: pages that show what a model does, and how good it is. */
import { MemcellError } from '../errors.js';
import { type Described, describe } from './describe.js';
import type { ShownGates } from './gates.js';
import { gatesScript } from './gatesScript.js';
import { html } from './html.js';
import { jsonOf, pageOf, renderReport } from './page.js';
import { pageScript } from './script.js';
import { gatesSections } from './sections/gates.js';

export type { Described } from './describe.js';

/** The page of a model, as a string. */
export async function reportPage(of: Described): Promise<string> {
  return renderReport(await describe(of));
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
