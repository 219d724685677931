/** Files whose cells are quoted with ' instead of ", as MySQL and Weka write them. */

const quotedLine = /^\s*'[^']*'(?:\s*[,;\t]\s*'[^']*')*\s*$/;

/**
 * Whether every cell of the header, or every cell below it, is quoted with ', nothing with ", and no quote is doubled or
 * escaped: then it is plain what is meant.
 */
export function isSingleQuoted(text: string): boolean {
  if (text.includes('"') || /''[^,;\t\n]|\\'/.test(text)) return false;
  const lines = text
    .split('\n', 41)
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .slice(0, 40);
  if (lines.length < 3 || !/[,;\t]/.test(lines[0])) return false;
  return quotedLine.test(lines[0]) || lines.slice(1, -1).every((line) => quotedLine.test(line));
}

/** The same text of whole lines, as long, with " in place of the quotes of cells. */
export function doubleQuoted(text: string): string {
  return text.replace(/(^|[,;\t])(\s*)'([^'\n]*)'(?=\s*(?:[,;\t]|$))/gm, '$1$2"$3"');
}
