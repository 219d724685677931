/** The declarations of the package, as a program that uses it compiles them, on the oldest TypeScript that is promised and on this one. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type * as TypeScript from './typescript-5.4/node_modules/typescript/lib/typescript.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
// A package of its own, since two compilers of one name cannot stand beside each other.
const require = createRequire(join(root, 'test/types/typescript-5.4/package.json'));
const ts: typeof TypeScript = require('typescript');
const entry = join(root, 'dist/index.d.ts');
const folder = mkdtempSync(join(tmpdir(), 'memcell-types-'));
afterAll(() => rmSync(folder, { recursive: true }));

const use = join(folder, 'use.ts');
beforeAll(() => {
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(use, readFileSync(join(root, 'test/types/use.ts'), 'utf8'));
});

const common = {
  strict: true,
  noEmit: true,
  skipLibCheck: false,
  paths: {
    memcell: [entry],
    'memcell/predict': [join(root, 'dist/predict.d.ts')],
    'memcell/tfjs': [join(root, 'dist/tfjs.d.ts')],
  },
};
const worlds = {
  'a page': { lib: ['ES2022', 'DOM'], types: [] },
  Node: { lib: ['ES2022'], types: ['node'], typeRoots: [join(root, 'node_modules/@types')] },
};

/** What this repository's compiler says of a program of one file, and the files that it reads. */
function compile(text: string, options: object): { errors: string[]; files: string[] } {
  writeFileSync(join(folder, 'program.ts'), text);
  const compilerOptions = { ...common, target: 'ES2022', module: 'NodeNext', ...options };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts'] }));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  let output = '';
  try {
    output = execFileSync(process.execPath, [tsc, '-p', folder, '--listFiles'], { encoding: 'utf8' });
  } catch (error) {
    output = (error as { stdout: string }).stdout;
  }
  const lines = output.split('\n');
  return { errors: lines.filter((line) => /error TS/.test(line)), files: lines.filter((line) => /\.ts$/.test(line)) };
}

/** The program, for the oldest compiler. */
const { lib, ...onNode } = worlds.Node;
let program: TypeScript.Program;
beforeAll(() => {
  program = ts.createProgram([use], {
    ...common,
    ...onNode,
    lib: lib.map((name) => `lib.${name.toLowerCase()}.d.ts`),
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
  });
});

test('TypeScript 5.4: no error with skipLibCheck off, nothing of tfjs is read', () => {
  expect(ts.version).toMatch(/^5\.4\./);
  const said = ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText, file }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`);
  expect(said).toEqual([]);
  expectNoTfjs(program.getSourceFiles().map(({ fileName }) => fileName));
});

test.each(Object.entries(worlds))(
  'this TypeScript, %s: no error with skipLibCheck off, nothing of tfjs is read',
  (_name, options) => {
    const { errors, files } = compile(readFileSync(use, 'utf8'), options);
    expect(errors).toEqual([]);
    expectNoTfjs(files);
  },
);

function expectNoTfjs(files: readonly string[]): void {
  expect(files.some((file) => file.split('/').join(sep).endsWith(`dist${sep}index.d.ts`))).toBe(true);
  expect(files.filter((file) => file.includes('@tensorflow'))).toEqual([]);
}

test("with 'memcell/tfjs' tensors and models are TensorFlow.js's own", () => {
  const text = `import 'memcell/tfjs';
import { Sequential } from 'memcell';
import type * as tf from ${JSON.stringify(join(root, 'node_modules/@tensorflow/tfjs/dist/index.js'))};
declare const x: tf.Tensor2D;
export const y: Promise<tf.Tensor> = new Sequential().predict(x);
export const model: tf.LayersModel = new Sequential().tf;
`;
  const options = { ...worlds.Node, lib: ['ES2022', 'DOM'], skipLibCheck: true };
  const { errors, files } = compile(text, options);
  expect(errors).toEqual([]);
  expect(files.some((file) => file.includes('tfjs-layers'))).toBe(true);
});

/** The types that a declaration mentions, its private members aside. */
function mentioned(node: TypeScript.Node, checker: TypeScript.TypeChecker, found: Set<TypeScript.Symbol>): void {
  // What computes a type, such as EitherSpelling, is used whole.
  if (ts.isTypeAliasDeclaration(node) && node.typeParameters) return;
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

/** The types in what `typeof` asks after: a layer's options are declared as values, from which their types are made. */
function declaredIn(node: TypeScript.Node, checker: TypeScript.TypeChecker, found: Set<TypeScript.Symbol>): void {
  if (ts.isTypeQueryNode(node)) {
    const symbol = checker.getSymbolAtLocation(node.exprName);
    const value = symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    for (const declaration of value?.declarations ?? []) declaredIn(declaration, checker, found);
  }
  const name = ts.isImportTypeNode(node) ? node.qualifier : ts.isTypeReferenceNode(node) ? node.typeName : undefined;
  const symbol = name && checker.getSymbolAtLocation(name);
  if (symbol) found.add(symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
  ts.forEachChild(node, (child) => declaredIn(child, checker, found));
}

test('the types of public signatures are exported, and no others', () => {
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(entry);
  const module = file && checker.getSymbolAtLocation(file);
  const exported = (module ? checker.getExportsOfModule(module) : []).map((symbol) =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
  );
  expect(exported.length).toBeGreaterThan(100);
  const missing = new Set<string>();
  const unused = new Set(exported.filter(({ flags }) => !(flags & ts.SymbolFlags.Value)));
  for (const symbol of exported) {
    const found = new Set<TypeScript.Symbol>();
    const declared = new Set<TypeScript.Symbol>();
    for (const declaration of symbol.declarations ?? []) {
      mentioned(declaration, checker, found);
      declaredIn(declaration, checker, declared);
    }
    for (const type of declared) if (type !== symbol) unused.delete(type);
    for (const type of found) {
      if (type !== symbol) unused.delete(type);
      const own = type.declarations?.some((one) => one.getSourceFile().fileName.startsWith(join(root, 'dist')));
      const isParameter = type.flags & ts.SymbolFlags.TypeParameter;
      if (own && !isParameter && !exported.includes(type)) missing.add(`${type.name}, of ${symbol.name}`);
    }
  }
  expect([...missing]).toEqual([]);
  expect([...unused].map(({ name }) => name)).toEqual([]);
});
