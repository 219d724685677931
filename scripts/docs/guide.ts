/**
 * A guide is markdown whose blocks are made again by running them:
 *
 *     ```console            each line after "$ " is a command (with "\" at its end it goes on in the next line); its output follows
 *     ```ts                 a program; the ```text block right after it is what it prints
 *     ```typescript         a sketch, which is not run
 *     ```ts of FILE#NAME    the function NAME of a source file
 *     <!-- made: NAME -->   a part made from the sources, up to <!-- end -->
 */
export type Piece =
  | { kind: 'prose'; text: string }
  | { kind: 'console'; commands: { command: string; output: string }[] }
  | { kind: 'program'; code: string; output: string }
  | { kind: 'source'; file: string; name: string; code: string }
  | { kind: 'made'; name: string; text: string };

const block = /^```(console|ts)(?: of (\S+)#(\S+))?\n([\s\S]*?)^```\n(?:\n```text\n([\s\S]*?)^```\n)?/m;
const made = /^<!-- made: (\S+) -->\n([\s\S]*?)^<!-- end -->\n/m;

export function parseGuide(text: string): Piece[] {
  const pieces: Piece[] = [];
  let rest = text;
  while (rest !== '') {
    const [match] = [block.exec(rest), made.exec(rest)]
      .filter((found) => found !== null)
      .sort((a, b) => a.index - b.index);
    if (match === undefined) break;
    if (match.index > 0) pieces.push({ kind: 'prose', text: rest.slice(0, match.index) });
    rest = rest.slice(match.index + match[0].length);
    if (match[0].startsWith('<')) {
      pieces.push({ kind: 'made', name: match[1], text: match[2] });
      continue;
    }
    const [, language, file, name, body, output = ''] = match;
    if (file !== undefined) pieces.push({ kind: 'source', file, name, code: body });
    else if (language === 'ts') pieces.push({ kind: 'program', code: body, output });
    else pieces.push({ kind: 'console', commands: commandsOf(body) });
    if (language === 'console' && match[5] !== undefined) rest = `\n\`\`\`text\n${output}\`\`\`\n${rest}`;
  }
  if (rest !== '') pieces.push({ kind: 'prose', text: rest });
  return pieces;
}

function commandsOf(body: string): { command: string; output: string }[] {
  const commands: { command: string; output: string }[] = [];
  let continued = false;
  for (const line of body.split('\n').slice(0, -1)) {
    const last = commands.at(-1);
    if (line.startsWith('$ ')) commands.push({ command: line.slice(2), output: '' });
    else if (last === undefined) throw new Error(`a console block begins with its output: ${line}`);
    else if (continued) last.command += `\n${line}`;
    else last.output += `${line}\n`;
    continued = commands.at(-1)?.output === '' && line.endsWith('\\');
  }
  return commands;
}

export function writeGuide(pieces: readonly Piece[]): string {
  return pieces.map(pieceText).join('');
}

function pieceText(piece: Piece): string {
  switch (piece.kind) {
    case 'prose':
      return piece.text;
    case 'console':
      return fence('console', piece.commands.map(({ command, output }) => `$ ${command}\n${output}`).join(''));
    case 'program':
      return fence('ts', piece.code) + (piece.output && `\n${fence('text', piece.output)}`);
    case 'source':
      return fence(`ts of ${piece.file}#${piece.name}`, piece.code);
    case 'made':
      return `<!-- made: ${piece.name} -->\n${piece.text}<!-- end -->\n`;
  }
}

function fence(language: string, body: string): string {
  return `\`\`\`${language}\n${body}\`\`\`\n`;
}

/** A function of a source file, from its docstring's end to its closing brace. */
export function functionOf(source: string, name: string, file: string): string {
  const start = new RegExp(`^export (?:async )?function ${name}\\b`, 'm').exec(source);
  const end = start && source.indexOf('\n}\n', start.index);
  if (start === null || end === null || end < 0) throw new Error(`${file} has no function ${name}`);
  return source.slice(start.index, end + 3);
}

/** The pictures that a guide links to. */
export function picturesOf(text: string): string[] {
  return [...text.matchAll(/\]\((pictures\/[^)\s]+\.svg)\)/g)].map(([, file]) => file);
}
