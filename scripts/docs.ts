/**
 * Runs every command and program of the guides in docs/ and compares what they print and draw with what stands there.
 *
 *     node scripts/run-ts.mjs scripts/docs.ts check    fails where they differ, and shows how
 *     node scripts/run-ts.mjs scripts/docs.ts write    writes it down
 *
 * scripts/docs/guide.ts says what a guide is made of.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { difference, saysTheSame, showsTheSame } from './docs/compare.js';
import { functionOf, type Piece, parseGuide, picturesOf, writeGuide } from './docs/guide.js';
import { layerTable } from './docs/layerTable.js';
import { Scratch } from './docs/run.js';
import { whereTable } from './docs/whereTable.js';

const docs = 'docs';
const makers: Record<string, () => string | Promise<string>> = { layers: layerTable, where: whereTable };

interface Found {
  file: string;
  text: string;
}

async function run(name: string, write: boolean): Promise<string[]> {
  const file = join(docs, name);
  const text = readFileSync(file, 'utf8');
  const pieces = parseGuide(text);
  const scratch = new Scratch(process.cwd());
  try {
    for (const piece of pieces) await makeAgain(piece, scratch);
    const now: Found[] = [{ file, text: writeGuide(pieces) }];
    for (const picture of picturesOf(text)) {
      const drawn = join(scratch.folder, picture);
      if (existsSync(drawn)) now.push({ file: join(docs, picture), text: readFileSync(drawn, 'utf8') });
      else if (!drawnElsewhere(picture, name)) throw new Error(`nothing in ${file} draws ${picture}`);
    }
    return now.flatMap((found) => settle(found, write));
  } finally {
    scratch.remove();
  }
}

/** Translations show the pictures of the page they translate: lstm.zh.md those of lstm.md. */
function drawnElsewhere(picture: string, name: string): boolean {
  const original = join(docs, name.replace(/\.\w\w\.md$/, '.md'));
  return original !== join(docs, name) && picturesOf(readFileSync(original, 'utf8')).includes(picture);
}

async function makeAgain(piece: Piece, scratch: Scratch): Promise<void> {
  if (piece.kind === 'console') {
    for (const one of piece.commands) one.output = settled(one.output, await scratch.command(one.command));
  } else if (piece.kind === 'program') {
    piece.output = settled(piece.output, await scratch.program(piece.code));
  } else if (piece.kind === 'source') {
    piece.code = functionOf(readFileSync(piece.file, 'utf8'), piece.name, piece.file);
  } else if (piece.kind === 'made') {
    if (!Object.hasOwn(makers, piece.name)) throw new Error(`nothing makes ${piece.name}`);
    piece.text = await makers[piece.name]();
  }
}

/** What stands there, where it says the same as what was printed now. */
function settled(before: string, now: string): string {
  return saysTheSame(before, now) ? before : now;
}

function settle({ file, text }: Found, write: boolean): string[] {
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (file.endsWith('.svg') ? showsTheSame(before, text) : saysTheSame(before, text)) return [];
  if (write) writeFileSync(file, text);
  return [`${file} ${difference(before, text)}`];
}

/** Pictures that no guide shows. */
function unused(names: readonly string[]): string[] {
  const shown = names.flatMap((name) => picturesOf(readFileSync(join(docs, name), 'utf8')));
  return readdirSync(join(docs, 'pictures'))
    .filter((name) => !shown.includes(`pictures/${name}`))
    .map((name) => `no guide shows ${docs}/pictures/${name}`);
}

const [what, ...only] = process.argv.slice(2);
if (what !== 'check' && what !== 'write') {
  console.error('usage: node scripts/run-ts.mjs scripts/docs.ts check|write [GUIDE.md…]');
  process.exit(2);
}
const guides = readdirSync(docs).filter((name) => name.endsWith('.md'));
const waiting = only.length > 0 ? [...only] : [...guides];
const wrong: string[] = [];
const work = async () => {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    try {
      wrong.push(...(await run(name, what === 'write')));
    } catch (error) {
      wrong.push(`${docs}/${name}: ${error instanceof Error ? error.message : error}`);
      process.exitCode = 1;
    }
  }
};
await Promise.all([work(), work()]);
wrong.push(...unused(guides));
console.log(wrong.length === 0 ? 'the guides say what happens' : wrong.join('\n\n'));
if (wrong.length > 0 && what === 'check') process.exitCode = 1;
