/** Reports: pages that show what a model does, and how good it is. */
import { MemcellError } from '../errors.js';
import { type Described, describe } from './describe.js';
import { renderReport } from './page.js';

export type { Described } from './describe.js';

/** The page of a model, as a string. */
export async function reportPage(of: Described): Promise<string> {
  return renderReport(await describe(of));
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
