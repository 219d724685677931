/**
 * An encoder and a decoder that add numbers given as text: '27+158' → '185' (Sutskever et al. 2014, arXiv:1409.3215).
 *
 * The encoder reads the question and hands its last states, h and c, to the decoder. In training the decoder is told the right
 * answer up to each character and guesses the next one (teacher forcing); afterwards it is fed its own guesses, one step at a time,
 * its states going out of one step and into the next.
 */
import { adam, Dense, Embedding, Input, LSTM, Model } from 'memcell';

const characters = '0123456789+ <>';
const [begin, end] = ['<', '>'];
const largest = 999;
const questionLength = 7;
const answerLength = 5; // four digits, and the end
const units = 64;

const numberOf = (character: string) => characters.indexOf(character);
/** Backwards, as in the paper and as one adds: the last digits are then near each other. */
const encoded = (question: string) => [...question.padEnd(questionLength)].reverse().map(numberOf);
const answerOf = (a: number, b: number) => [...String(a + b)].reverse().join('');

/** A repeatable stream of whole numbers below `limit`: the generator of Numerical Recipes. */
function numbersBelow(limit: number, seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

const draw = numbersBelow(largest + 1, 1);
const pairs = Array.from({ length: 12_000 }, () => [draw(), draw()] as const);
const questions = pairs.map(([a, b]) => encoded(`${a}+${b}`));
const answers = pairs.map(([a, b]) => `${begin}${answerOf(a, b)}`.padEnd(answerLength + 1, end));
const told = answers.map((answer) => [...answer].slice(0, -1).map(numberOf));
const next = answers.map((answer) => [...answer].slice(1).map(numberOf));

// One model to train: the layers are applied to what Input() stands for.
const question = Input({ shape: [questionLength], name: 'question' });
const answer = Input({ shape: [null], name: 'answer' });
const reads = Embedding(characters.length, 16);
const [, h, c] = LSTM(units, { returnState: true }).apply(reads.apply(question));
const decoder = LSTM(units, { returnSequences: true, returnState: true });
const guess = Dense(characters.length, 'softmax', { name: 'next' });
const [decoded] = decoder.apply(reads.apply(answer), { initialState: [h, c] });
const training = new Model({ inputs: [question, answer], outputs: guess.apply(decoded), seed: 1, name: 'addition' });

// Two to answer with, of the same layers: the encoder, and one step of the decoder with its states.
const encoder = new Model({ inputs: question, outputs: [h, c], name: 'encoder' });
const [hBefore, cBefore] = [Input({ shape: [units] }), Input({ shape: [units] })];
const [oneStep, hAfter, cAfter] = decoder.apply(reads.apply(answer), { initialState: [hBefore, cBefore] });
const step = new Model({
  inputs: [answer, hBefore, cBefore],
  outputs: [guess.apply(oneStep), hAfter, cAfter],
  name: 'step',
});

training.compile({
  optimizer: adam({ learningRate: 0.005 }),
  loss: 'sparseCategoricalCrossentropy',
  metrics: ['accuracy'],
});
training.summary();
console.log(`all on the engine: ${[training, encoder, step].every(({ engine }) => engine.kind === 'memcell')}`);

await training.fit([questions, told], next, {
  epochs: 20,
  batchSize: 64,
  seed: 1,
  verbose: 0,
  callbacks: [
    {
      onEpochEnd(epoch, { loss, accuracy }) {
        if ((epoch + 1) % 4 === 0)
          console.log(`epoch ${epoch + 1}: loss ${loss.toFixed(4)}, accuracy ${accuracy.toFixed(3)}`);
      },
    },
  ],
});

/** The decoder fed its own guesses, for many questions at once. */
async function added(asked: readonly string[]): Promise<string[]> {
  let states = await encoder.predict<number[][][]>(asked.map(encoded));
  let last = asked.map(() => [numberOf(begin)]);
  const guesses = asked.map(() => '');
  for (let t = 0; t < answerLength; t++) {
    const [probabilities, ...after] = await step.predict<[number[][][], number[][], number[][]]>([last, ...states]);
    last = probabilities.map(([row]) => [row.indexOf(Math.max(...row))]);
    last.forEach(([number], i) => {
      guesses[i] += characters[number];
    });
    states = after;
  }
  return guesses.map((guessed) => [...guessed.split(end)[0]].reverse().join(''));
}

const unseen = Array.from({ length: 500 }, () => [draw(), draw()] as const);
const sums = await added(unseen.map(([a, b]) => `${a}+${b}`));
unseen.slice(0, 5).forEach(([a, b], i) => {
  console.log(`${a}+${b} = ${sums[i]}${Number(sums[i]) === a + b ? '' : `, not ${a + b}`}`);
});
const right = unseen.filter(([a, b], i) => sums[i] === String(a + b)).length;
console.log(`${right} of ${unseen.length} sums that it has not seen are right`);
