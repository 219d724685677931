const number = /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/g;

/**
 * Whether two outputs say the same: the same words, and numbers that differ by no more than 2 %, one unit of their last digit, or `within`.
 * Processors and Node versions that round differently in the last bits print such numbers.
 */
export function saysTheSame(a: string, b: string, within = 0): boolean {
  if (a === b) return true;
  const words = (text: string) => text.replace(number, '#').replace(/ +/g, ' ');
  if (words(a) !== words(b)) return false;
  const others = b.match(number) ?? [];
  return (a.match(number) ?? []).every((text, i) => {
    const [x, y] = [Number(text), Number(others[i])];
    const allowed = Math.max(
      within,
      0.02 * Math.max(Math.abs(x), Math.abs(y)),
      1.01 * Math.max(unit(text), unit(others[i])),
    );
    return Math.abs(x - y) <= allowed;
  });
}

/** What one step of a written number's last digit is. */
function unit(text: string): number {
  const [digits, exponent = '0'] = text.split('e');
  return 10 ** (Number(exponent) - (digits.split('.')[1]?.length ?? 0));
}

/**
 * Whether two pictures show the same: what saysTheSame tells of all but the outlines of paths, of which the lengths are compared: a value
 * on the edge of two shades may fall into either.
 */
export function showsTheSame(a: string, b: string): boolean {
  const outline = / d="([^"]*)"/g;
  const drawn = (svg: string) => [...svg.matchAll(outline)].reduce((sum, [, path]) => sum + path.length, 0);
  const pixels = 2;
  return (
    saysTheSame(a.replace(outline, ''), b.replace(outline, ''), pixels) &&
    Math.abs(drawn(a) - drawn(b)) <= 0.02 * drawn(b)
  );
}

/** The lines that differ, as diff shows them, with their place. */
export function difference(before: string, after: string): string {
  const [old, now] = [before.split('\n'), after.split('\n')];
  let start = 0;
  while (start < Math.min(old.length, now.length) && old[start] === now[start]) start++;
  let end = 0;
  while (end < Math.min(old.length, now.length) - start && old.at(-1 - end) === now.at(-1 - end)) end++;
  const part = (lines: string[], sign: string) =>
    lines.slice(start, lines.length - end).map((line) => `${sign} ${line.slice(0, 300)}`);
  return [`line ${start + 1}:`, ...part(old, '-'), ...part(now, '+')].slice(0, 80).join('\n');
}
