import { promises as fs } from 'node:fs';
import { MemcellError } from '../errors.js';

/** RFC 4180, with \n line ends; numbers with the seven digits that float32 has. */
export function formatCsv(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [head, ...rows].map((row) => `${row.map(cell).join(',')}\n`).join('');
}

function cell(value: string | number): string {
  if (typeof value === 'number') return String(Number(value.toPrecision(7)));
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/**
 * Writes a file in one go: whoever reads it finds the old one or the new one, whole.
 * @throws MemcellError 'io' when it cannot be written; then nothing is left behind
 */
export async function writeWhole(file: string, text: string): Promise<void> {
  const unfinished = `${file}.new`;
  try {
    await fs.writeFile(unfinished, text);
    await fs.rename(unfinished, file);
  } catch (cause) {
    await fs.rm(unfinished, { force: true }).catch(() => undefined);
    const [, code, reason] = String(cause).match(/([A-Z0-9]+): ([^,]*)/) ?? ['', '', String(cause)];
    throw new MemcellError(`${file}: cannot be written: ${reason}${code && ` (${code})`}`, { code: 'io', cause });
  }
}
