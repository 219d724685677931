import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { difference, saysTheSame } from '../scripts/docs/compare.js';
import { functionOf, parseGuide, writeGuide } from '../scripts/docs/guide.js';

const guide = `# A guide

\`\`\`console
$ one \\
  --more
says 1
$ two
\`\`\`

\`\`\`ts
print();
\`\`\`

\`\`\`text
printed
\`\`\`

<!-- made: table -->
old
<!-- end -->

\`\`\`python
left()
\`\`\`
`;

test('a guide is taken apart into commands, programs and their outputs, and written as it was', () => {
  const pieces = parseGuide(guide);
  expect(pieces.filter(({ kind }) => kind !== 'prose')).toEqual([
    {
      kind: 'console',
      commands: [
        { command: 'one \\\n  --more', output: 'says 1\n' },
        { command: 'two', output: '' },
      ],
    },
    { kind: 'program', code: 'print();\n', output: 'printed\n' },
    { kind: 'made', name: 'table', text: 'old\n' },
  ]);
  expect(writeGuide(pieces)).toBe(guide);
});

test('outputs say the same where only last digits differ', () => {
  expect(saysTheSame('error 0.4281 of 12', 'error 0.4290 of 12')).toBe(true);
  expect(saysTheSame('accuracy 97 %', 'accuracy 98 %')).toBe(true);
  expect(saysTheSame('error 0.4281', 'error 0.51')).toBe(false);
  expect(saysTheSame('error 0.4281', 'loss 0.4281')).toBe(false);
  expect(saysTheSame('M 10 20', 'M 11.5 20', 2)).toBe(true);
  expect(difference('a\nb\nc', 'a\nd\nc')).toBe('line 2:\n- b\n+ d');
});

test('functions of a source are found by name', () => {
  expect(functionOf('export function f() {\n  g();\n}\nrest', 'f', 'a.ts')).toBe('export function f() {\n  g();\n}\n');
  expect(() => functionOf('rest', 'f', 'a.ts')).toThrow('a.ts has no function f');
});

test('the guides say what happens', () => {
  const said = execFileSync(process.execPath, ['scripts/run-ts.mjs', 'scripts/docs.ts', 'check'], { encoding: 'utf8' });
  expect(said).toBe('the guides say what happens\n');
}, 600_000);
