import { MemcellError } from '../errors.js';

/**
 * The files that a path stands for: itself, or those that a pattern with *, ? or [] matches, in the order of their names
 * (numbers in them by value: part-2 before part-10).
 * @throws MemcellError (io) when a pattern matches none
 */
export async function expandPath(path: string): Promise<string[]> {
  if (!/[*?[\]{}]/.test(path)) return [path];
  const { access } = await import('node:fs/promises');
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (exists) return [path];
  const { glob } = await import('tinyglobby');
  const { isAbsolute } = await import('node:path');
  const found = await glob(path, { absolute: isAbsolute(path), expandDirectories: false });
  if (found.length === 0) throw new MemcellError(`${path}: no file matches it; check the pattern`, { code: 'io' });
  return found.sort(new Intl.Collator('en', { numeric: true }).compare);
}
