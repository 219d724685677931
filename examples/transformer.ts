/**
 * A small causal Transformer (Vaswani et al. 2017, arXiv:1706.03762; norms before each part as in GPT-2) reads the Psalms character by
 * character beside an LSTM of about as many parameters: which guesses the next character of the last tenth better, in bits.
 *
 * Both are trained on the same pieces of 64 characters for as long, and know only the characters of their piece; `memcell train` carries the
 * LSTM's state along and mixes it with counts, and comes to fewer bits.
 */
import { readFileSync } from 'node:fs';
import {
  Add,
  adam,
  Dense,
  Embedding,
  enableWide,
  Input,
  LayerNormalization,
  LSTM,
  Model,
  MultiHeadAttention,
  PositionEmbedding,
} from 'memcell';

const steps = 64;
const width = 64;
const heads = 4;
const blocks = 2;
const units = 130;
const epochs = 6;

const text = readFileSync('examples/data/psalms.txt', 'utf8').toLowerCase();
const characters = [...new Set(text)].sort();
const numbers = [...text].map((character) => characters.indexOf(character));

/** Pieces of the text from one place to another, and in each the character after every one. */
function pieces(from: number, to: number, apart: number): [x: number[][], y: number[][]] {
  const starts = Array.from({ length: Math.floor((to - from - steps - 1) / apart) }, (_, i) => from + i * apart);
  const cut = (shift: number) => starts.map((start) => numbers.slice(start + shift, start + shift + steps));
  return [cut(0), cut(1)];
}

const heldOut = Math.floor(0.9 * numbers.length);
const [x, y] = pieces(0, heldOut, steps / 2);
const [xHeld, yHeld] = pieces(heldOut, numbers.length, steps);

const input = () => Input({ shape: [steps] });
const guess = () => Dense(characters.length, 'softmax');

function transformer(): Model {
  const read = input();
  let flowing = PositionEmbedding(steps).apply(Embedding(characters.length, width).apply(read));
  for (let block = 0; block < blocks; block++) {
    const attention = MultiHeadAttention(heads, width / heads, { useCausalMask: true });
    const attended = Add().apply([flowing, attention.apply(LayerNormalization().apply(flowing))]);
    const hidden = Dense(4 * width, 'gelu').apply(LayerNormalization().apply(attended));
    flowing = Add().apply([attended, Dense(width).apply(hidden)]);
  }
  const outputs = guess().apply(LayerNormalization().apply(flowing));
  return new Model({ inputs: read, outputs, seed: 1, name: 'transformer' });
}

function recurrent(): Model {
  const read = input();
  const hidden = LSTM(units, { returnSequences: true }).apply(Embedding(characters.length, width).apply(read));
  return new Model({ inputs: read, outputs: guess().apply(hidden), seed: 1, name: 'lstm' });
}

await enableWide();
const results: string[][] = [];
for (const model of [transformer(), recurrent()]) {
  model.compile({ optimizer: adam({ learningRate: 0.003 }), loss: 'sparseCategoricalCrossentropy' });
  const parameters = model.countParams();
  console.log(`${model.name}: ${parameters} parameters, on ${model.engine.kind === 'memcell' ? 'the engine' : 'tfjs'}`);
  const start = performance.now();
  await model.fit(x, y, {
    epochs,
    batchSize: 32,
    seed: 1,
    verbose: 0,
    callbacks: [
      { onEpochEnd: (epoch, { loss }) => console.log(`  epoch ${epoch + 1}: ${(loss / Math.LN2).toFixed(3)} bits`) },
    ],
  });
  const seconds = (performance.now() - start) / 1000;
  const { loss } = await model.evaluate(xHeld, yHeld);
  results.push([
    model.name.padEnd(12),
    String(parameters).padStart(10),
    (loss / Math.LN2).toFixed(3).padStart(10),
    Math.exp(loss).toFixed(2).padStart(11),
    seconds.toFixed(0).padStart(8),
  ]);
}
console.log(`\n${'held out'.padEnd(12)} parameters bits/char.  perplexity seconds`);
for (const row of results) console.log(row.join(' '));
