// What the kernel module exports, as TypeScript: from asc's own declarations, with the doc comments of the AssemblyScript.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const DECLARATION =
  /\/\*\*\n {3}\* (\S+)\/\w+\n(?: {3}\*[^\n]*\n)*? {3}\*\/\n {2}export function (\w+)\((.*)\): (\w+);/g;

/** The comment above an exported function, if there is one. */
function commentOf(source, name) {
  const end = source.search(new RegExp(`^export function ${name}\\(`, 'm'));
  const before = source.slice(0, end);
  const start = before.lastIndexOf('/**');
  const comment = before.slice(start).trimEnd();
  return start >= 0 && comment.indexOf('*/') === comment.length - 2 ? comment : undefined;
}

/** The interface of asc's declarations (`--bindings raw`) of the modules in `sources`. Addresses are bytes; bool and number as in JavaScript. */
export function functionsSource(declarations, sources) {
  const members = [];
  for (const [, module, name, parameters, result] of declarations.matchAll(DECLARATION)) {
    // The tiles are made by tiles.mjs, not read from a file.
    const comment =
      module === 'tiles' ? undefined : commentOf(readFileSync(join(sources, `${module}.ts`), 'utf8'), name);
    if (comment) members.push(...comment.split('\n').map((line) => `  ${line}`));
    members.push(`  ${name}(${parameters}): ${result};`);
  }
  const count = declarations.match(/export function /g)?.length ?? 0;
  if (count === 0 || members.filter((line) => line.endsWith(';')).length !== count)
    throw new Error('the declarations of asc are not as kernel-signatures.mjs reads them');
  return [
    '/** All functions of the kernel module. Addresses are in bytes, strides and counts in floats or rows. */',
    'export interface KernelFunctions {',
    ...members,
    '}',
    '',
  ].join('\n');
}

/** The fields of a class of jobs, all words of 32 bits, in order: `name` and the array of their names. */
export function fieldsSource(sources, { file, name, constant }) {
  const source = readFileSync(join(sources, file), 'utf8');
  const body = source.match(
    new RegExp(`^export class ${name} \\{\\n(.*?)\\n\\n {2}/\\*\\*[^\\n]*\\*/\\n {2}\\w+\\(`, 'ms'),
  )?.[1];
  const fields = [];
  for (const line of body?.split('\n') ?? []) {
    if (line === '' || /^ {2}(\/\*\*|\*|\/\/)/.test(line)) continue;
    const field = line.match(/^ {2}(\w+): (i32|usize|f32);( \/\/.*)?$/);
    if (!field) throw new Error(`${file} has a field of another form: ${line}`);
    fields.push(field[1]);
  }
  if (fields.length === 0) throw new Error(`${file} has no class ${name}`);
  return `export const ${constant} = [\n${fields.map((field) => `  '${field}',`).join('\n')}\n] as const;\n`;
}
