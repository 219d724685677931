/** The declarations of the package, as a program that uses it compiles them, on the oldest TypeScript that is promised and on this one. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from '@jest/globals';
import type * as TypeScript from './typescript-5.4/node_modules/typescript/lib/typescript.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
// A package of its own, since two compilers of one name cannot stand beside each other.
const require = createRequire(join(root, 'test/types/typescript-5.4/package.json'));
const ts: typeof TypeScript = require('typescript');
const entry = join(root, 'dist/index.d.ts');
const folder = mkdtempSync(join(tmpdir(), 'memcell-types-'));
afterAll(() => rmSync(folder, { recursive: true }));

const use = readFileSync(join(root, 'test/types/use.ts'), 'utf8');

/** What a compiler says of a program of one file, and the files that it reads. */
function compile(compiler: string, text: string, options: object): { errors: string[]; files: string[] } {
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'use.ts'), text);
  const compilerOptions = {
    target: 'ES2022',
    module: 'NodeNext',
    moduleResolution: 'NodeNext',
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    paths: { memcell: [entry], 'memcell/tfjs': [join(root, 'dist/tfjs.d.ts')] },
    ...options,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.ts'] }));
  let output = '';
  try {
    output = execFileSync(process.execPath, [compiler, '-p', folder, '--listFiles'], { encoding: 'utf8' });
  } catch (error) {
    output = (error as { stdout: string }).stdout;
  }
  const lines = output.split('\n');
  return { errors: lines.filter((line) => /error TS/.test(line)), files: lines.filter((line) => /\.ts$/.test(line)) };
}

const compilers: [string, string][] = [
  ['5.4', join(dirname(require.resolve('typescript')), 'tsc.js')],
  ['this one', join(root, 'node_modules/typescript/bin/tsc')],
];
const worlds: [string, object][] = [
  ['a page', { lib: ['ES2022', 'DOM'], types: [] }],
  ['Node', { lib: ['ES2022'], types: ['node'], typeRoots: [join(root, 'node_modules/@types')] }],
];

test.each(compilers.flatMap(([name, path]) => worlds.map(([world, options]) => [name, world, path, options] as const)))(
  'TypeScript %s, %s: no error with skipLibCheck off, and nothing of tfjs is read',
  (_name, _world, path, options) => {
    const { errors, files } = compile(path, use, options);
    expect(errors).toEqual([]);
    expect(files.some((file) => file.endsWith(`dist${sep}index.d.ts`))).toBe(true);
    expect(files.filter((file) => file.includes('@tensorflow'))).toEqual([]);
  },
);

test("with 'memcell/tfjs' tensors and models are TensorFlow.js's own", () => {
  writeFileSync(join(folder, 'tfjs.d.ts'), '');
  const text = `import 'memcell/tfjs';
import { Sequential } from 'memcell';
import type * as tf from ${JSON.stringify(join(root, 'node_modules/@tensorflow/tfjs/dist/index.js'))};
declare const x: tf.Tensor2D;
export const y: Promise<tf.Tensor> = new Sequential().predict(x);
export const model: tf.LayersModel = new Sequential().tf;
`;
  const types = { lib: ['ES2022', 'DOM'], types: ['node'], typeRoots: [join(root, 'node_modules/@types')] };
  const { errors, files } = compile(compilers[1][1], text, { ...types, skipLibCheck: true });
  expect(errors).toEqual([]);
  expect(files.some((file) => file.includes('tfjs-layers'))).toBe(true);
  const without = compile(compilers[1][1], text.replace("import 'memcell/tfjs';", ''), {
    ...types,
    skipLibCheck: true,
  });
  expect(without.errors).toHaveLength(2);
});

/** Names of types that a declaration mentions, its private members aside. */
function mentioned(node: TypeScript.Node, checker: TypeScript.TypeChecker, found: Set<TypeScript.Symbol>): void {
  const modifiers = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []) : [];
  if (modifiers.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword || kind === ts.SyntaxKind.ProtectedKeyword))
    return;
  const name = ts.isTypeReferenceNode(node)
    ? node.typeName
    : ts.isExpressionWithTypeArguments(node)
      ? node.expression
      : undefined;
  const symbol = name && checker.getSymbolAtLocation(name);
  if (symbol) found.add(symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
  ts.forEachChild(node, (child) => mentioned(child, checker, found));
}

test('every type of a public signature is exported', () => {
  const options = {
    skipLibCheck: true,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  };
  const program = ts.createProgram([entry], options);
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(entry);
  const module = file && checker.getSymbolAtLocation(file);
  const exported = (module ? checker.getExportsOfModule(module) : []).map((symbol) =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
  );
  expect(exported.length).toBeGreaterThan(100);
  const missing = new Set<string>();
  for (const symbol of exported) {
    const found = new Set<TypeScript.Symbol>();
    for (const declaration of symbol.declarations ?? []) mentioned(declaration, checker, found);
    for (const type of found) {
      const own = type.declarations?.some((one) => one.getSourceFile().fileName.startsWith(join(root, 'dist')));
      const isParameter = type.flags & ts.SymbolFlags.TypeParameter;
      if (own && !isParameter && !exported.includes(type)) missing.add(`${type.name}, of ${symbol.name}`);
    }
  }
  expect([...missing]).toEqual([]);
});
