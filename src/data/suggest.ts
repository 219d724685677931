import { closestMatch } from 'leven';

/** "; did you mean X?" for the known name nearest to what was written (at most a third of its letters differ), or ''. */
export function didYouMean(written: string, known: readonly string[]): string {
  const lower = written.toLowerCase();
  const same = known.find((name) => name.toLowerCase() === lower);
  const nearest = same ?? closestMatch(written, known, { maxDistance: Math.max(1, Math.floor(written.length / 3)) });
  return nearest === undefined ? '' : `; did you mean ${nearest}?`;
}

/** Names for an error message: all of them when few, else the first ones and how many more. */
export function list(names: readonly string[], most = 12): string {
  if (names.length <= most) return names.join(', ');
  return `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
}
