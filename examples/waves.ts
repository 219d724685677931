/**
 * A convolution before an LSTM: which of three kinds a noisy wave is, by its shape alone (sine, square or saw-tooth; period, phase and
 * height are drawn). The convolution finds edges and slopes in a few neighbouring steps, pooling halves their number, and the LSTM reads
 * what is left.
 */
import { adam, Conv1D, Dense, LSTM, MaxPooling1D, Sequential } from 'memcell';

const kinds = ['sine', 'square', 'saw-tooth'];
const steps = 48;

/** A repeatable stream of numbers from 0 to below 1: the generator of Numerical Recipes. */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const draw = uniform(1);

function wave(kind: number): number[][] {
  const [period, phase, height] = [10 + 14 * draw(), draw(), 0.5 + draw()];
  return Array.from({ length: steps }, (_, t) => {
    const turn = (t / period + phase) % 1;
    const value = [Math.sin(2 * Math.PI * turn), turn < 0.5 ? 1 : -1, 2 * turn - 1][kind];
    return [height * value + 0.6 * (draw() - 0.5)];
  });
}

const labels = Array.from({ length: 900 }, () => Math.floor(3 * draw()));
const waves = labels.map(wave);
const [trained, seen] = [600, labels.slice(600)];

const model = new Sequential(
  [
    Conv1D(16, 5, { padding: 'causal', activation: 'relu', inputShape: [steps, 1] }),
    MaxPooling1D({ poolSize: 2 }),
    LSTM(24),
    Dense(kinds.length, 'softmax'),
  ],
  { seed: 1 },
);
model.compile({ optimizer: adam(0.003), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
model.summary();
await model.fit(waves.slice(0, trained), labels.slice(0, trained), { epochs: 12, seed: 1, verbose: 2 });

const answers = await model.predict<number[][]>(waves.slice(trained));
const guesses = answers.map((chances) => chances.indexOf(Math.max(...chances)));
const right = guesses.filter((guess, i) => guess === seen[i]).length;
console.log(`on the engine: ${model.engine.kind === 'memcell'}`);
console.log(`${right} of ${seen.length} waves that it has not seen are told apart`);
for (const [kind, name] of kinds.entries()) {
  const counts = kinds.map((_, other) => guesses.filter((guess, i) => seen[i] === kind && guess === other).length);
  console.log(`  ${name.padEnd(10)} taken for ${kinds.map((other, k) => `${other} ${counts[k]}`).join(', ')}`);
}
