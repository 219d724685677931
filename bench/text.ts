/**
 * Perplexity per character on the last 20 % of the Psalms and of their first 28 kB, with no option: the network alone (windows
 * that begin without context, and with context), counting alone (Kneser–Ney), and both mixed.
 *
 *     node scripts/run-ts.mjs bench/text.ts [small|large] [tokens] [seed]
 */
import { readFileSync } from 'node:fs';
import { formatDuration, formatTable } from '../src/format.js';
import { textTask } from '../src/tasks/text/task.js';
import { type TokenKind, tokenKinds } from '../src/tasks/text/tokens.js';

const psalms = readFileSync('test/fixtures/data/psalms.txt', 'utf8');
const [which, kind = 'characters', seed = '7'] = process.argv.slice(2);
const tokens: TokenKind = tokenKinds.find((one) => one === kind) ?? 'characters';
const texts = [
  { name: 'the first 28 kB', key: 'small', text: psalms.slice(0, 28_000) },
  { name: 'Psalms, 225 kB', key: 'large', text: psalms },
];

const rows: string[][] = [];
for (const { name, key, text } of texts) {
  if (which !== undefined && which !== key) continue;
  const began = performance.now();
  const source = {
    name,
    text: async () => text,
    table: () => Promise.reject(new Error('a text is no table')),
  };
  const prepared = await textTask.prepare(
    source,
    { tokens },
    {
      seed: Number(seed),
      plain: false,
      settings: {},
      callbacks: [
        {
          onEpochEnd: (epoch, { loss, val_loss: stopping }) => {
            console.error(`${epoch + 1}  ${loss.toFixed(3)}  ${stopping?.toFixed(3) ?? ''}`);
          },
        },
      ],
      stage: (stage) => console.error(stage),
      trained: async () => {},
    },
  );
  console.error(prepared.layers);
  const { evaluation, warnings, artefact } = await prepared.train();
  const seconds = (performance.now() - began) / 1000;
  const { network, counts, weight = 1 } = evaluation;
  const shown = (value: number | undefined) => value?.toFixed(2) ?? '';
  rows.push([
    name,
    shown(network?.cold?.perplexity),
    shown(network?.perplexity),
    `${shown(counts?.perplexity)} (${counts?.back} back)`,
    shown(evaluation.perplexity),
    weight.toFixed(2),
    evaluation.bitsPerCharacter.toFixed(3),
    formatDuration(seconds),
  ]);
  for (const warning of warnings) console.error(warning);
  console.error(`${((artefact.counted?.text.length ?? 0) / 1024).toFixed(0)} kB of counted text are saved`);
}
console.log(
  formatTable(
    ['', 'network, cold', 'with context', 'counts', 'mixed', 'network’s share', 'bits a character', 'time'],
    rows,
  ),
);
