import { closestMatch } from 'leven';

/**
 * "; did you mean X?" for the known name nearest to what was written, or ''. At most a third of its letters differ, or two,
 * which is what swapping neighbours counts for; of three letters or fewer, one. Or the only one that begins with it.
 */
export function didYouMean(written: string, known: readonly string[]): string {
  const lower = written.toLowerCase();
  const maxDistance = written.length <= 3 ? 1 : Math.max(2, Math.floor(written.length / 3));
  const begun = known.filter((name) => name.toLowerCase().startsWith(lower));
  const same =
    known.find((name) => name.toLowerCase() === lower) ??
    (lower.length > 2 && begun.length === 1 ? begun[0] : undefined);
  const nearest = same ?? closestMatch(written, known, { maxDistance });
  return nearest === undefined ? '' : `; did you mean ${nearest}?`;
}

/** Names for an error message: all of them when few, else the first ones and how many more. */
export function list(names: readonly string[], most = 12): string {
  const shown = names.slice(0, most).map((name) => (name.includes(',') ? `"${name}"` : name));
  if (names.length <= most) return shown.join(', ');
  return `${shown.join(', ')} and ${names.length - most} more`;
}
