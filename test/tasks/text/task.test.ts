import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { tokenWindows } from '../../../src/data/windows.js';
import { MemcellError } from '../../../src/errors.js';
import { Fields } from '../../../src/fields.js';
import { loadModel, sequential } from '../../../src/sequential.js';
import type { Loaded, Run, Trained } from '../../../src/tasks/definition.js';
import { packText, type TextArtefact, unpackText } from '../../../src/tasks/text/artefact.js';
import type { TextEvaluation } from '../../../src/tasks/text/evaluation.js';
import { generate, generationPath } from '../../../src/tasks/text/generate.js';
import type { GenerateOptions } from '../../../src/tasks/text/options.js';
import { fitWeight } from '../../../src/tasks/text/score.js';
import { textTask } from '../../../src/tasks/text/task.js';
import { tokenKinds } from '../../../src/tasks/text/tokens.js';
import { adam } from '../../../src/training/optimizers.js';
import { runOf, sourceOf } from '../runs.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const psalms = readFileSync(join(root, 'test/fixtures/data/psalms.txt'), 'utf8').slice(0, 4000);
const layers = (size: number) => `Embedding(${size}, 8), LSTM(16, return_sequences=true), Dense(${size}, softmax)`;

const train = async (text: string, options = {}, own: Partial<Run> = {}, name = 'data.txt') => {
  const prepared = await textTask.prepare(sourceOf(text, name), options, runOf(own));
  return prepared.train();
};
const quick = { settings: { epochs: 2 }, layers: layers(new Set(psalms).size) };
const write = async (loaded: Loaded<TextArtefact>, options: GenerateOptions) => {
  let made = '';
  for await (const piece of generate(loaded.model, loaded.artefact, options)) made += piece;
  return made;
};
const saved = (artefact: TextArtefact) => textTask.parse(new Fields(JSON.parse(JSON.stringify(artefact)), 'task'));

describe('a text with few epochs', () => {
  let trained: Trained<TextArtefact, TextEvaluation>;
  let loaded: Loaded<TextArtefact>;
  const stages: string[] = [];
  const rates: number[][] = [];
  const epochs: number[] = [];
  let kept = 0;

  beforeAll(async () => {
    const own: Partial<Run> = {
      ...quick,
      stage: (text) => void stages.push(text),
      trained: async () => void kept++,
      callbacks: [
        {
          onTrainBegin: () => {
            rates.push([]);
            epochs.push(0);
          },
          onEpochBegin: () => void epochs[epochs.length - 1]++,
          onBatchBegin: (_, { optimizer }) => void rates.at(-1)?.push(optimizer.learningRate),
        },
      ],
    };
    trained = await train(psalms, {}, own);
    loaded = { model: trained.model, artefact: saved(trained.artefact), name: 'models/psalms' };
  });
  afterAll(() => trained?.model.dispose());

  test('is evaluated beside the network alone, counting and frequencies, on what nothing has seen', () => {
    const { evaluation } = trained;
    expect(evaluation).toMatchObject({ kind: 'text', samples: 800, tokens: 800, tokenKind: 'characters' });
    const { crossEntropy, bitsPerCharacter, perplexity, unigramCrossEntropy, network, counts, weight } = evaluation;
    expect(bitsPerCharacter).toBeCloseTo(crossEntropy / Math.LN2, 10);
    expect(perplexity).toBeCloseTo(Math.exp(crossEntropy), 10);
    expect(crossEntropy).toBeLessThan(unigramCrossEntropy);
    expect(counts?.crossEntropy).toBeLessThan(network?.crossEntropy ?? 0);
    expect(counts?.back).toBe((loaded.artefact.counted?.order ?? 0) - 1);
    expect(crossEntropy).toBeLessThan((counts?.crossEntropy ?? 0) + 0.02);
    expect(weight).toBeGreaterThan(0);
    expect(weight).toBeLessThan(0.5);
    expect(network?.cold?.crossEntropy).toBeGreaterThan(0);
    expect(kept).toBe(2);
    expect(stages).toEqual([
      'the network, stopped by the last 10 % of the training part',
      'on the whole training part, with a falling learning rate',
      'the evaluation',
      'on the whole text, what was held out included, with a falling learning rate',
    ]);
    expect(Object.keys(trained.history)).toEqual(['loss', 'accuracy', 'val_loss', 'val_accuracy']);
    expect(trained.settings).toMatchObject({ epochs: 2, batchSize: 8, learningRate: 0.005, validationSplit: 0.2 });
  });

  test('learns at one rate first, and then at one that falls from it to a fiftieth of it, as half a cosine', () => {
    expect(new Set(rates[0])).toEqual(new Set([0.005]));
    // Later fits take 0.4 of the first one's epochs, but two at least.
    expect(epochs).toEqual([2, 2, 2]);
    for (const falling of rates.slice(1)) {
      const n = falling.length;
      falling.forEach((rate, t) => {
        expect(rate).toBeCloseTo(0.005 * (0.51 + 0.49 * Math.cos((Math.PI * t) / n)), 12);
      });
    }
  });

  test('learns as streams with states that are carried, and is saved without any', () => {
    const { model } = trained;
    expect(model.inputShape).toEqual([null, 64]);
    expect(JSON.stringify(model.tf.toJSON())).not.toMatch(/stateful\W+true/);
    expect(model.engine.kind).toBe('memcell');
  });

  test('tells it', () => {
    const { headline, details } = textTask.tell(trained.evaluation, ', held out');
    expect(headline[0]).toMatch(
      /^800 characters, held out: cross-entropy [\d.]+ nats \([\d.]+ bits\) a character, perp/,
    );
    expect(headline[1]).toMatch(/counting \d characters back \(Kneser–Ney\)$/);
    expect(details.join('\n')).toMatch(
      /mixed, the network's share 0\.\d\d[\s\S]*windows without context[\s\S]*back alone/,
    );
  });

  test('tells how much was not scored', () => {
    const said = (unscored: number) => textTask.tell({ ...trained.evaluation, unscored }, '').headline.join('\n');
    expect(said(1)).toMatch(/^Not scored: the last 1 token$/m);
    expect(said(7)).toMatch(/^Not scored: the last 7 tokens$/m);
    expect(textTask.tell(trained.evaluation, '').headline.join('\n')).not.toContain('Not scored');
  });

  test('the same seed trains the same bits', async () => {
    const again = await train(psalms, {}, quick);
    expect(again.model.getWeights()).toEqual(trained.model.getWeights());
    expect(again.artefact).toEqual(trained.artefact);
    expect(again.evaluation).toEqual(trained.evaluation);
    again.model.dispose();
  });

  test('what was saved evaluates, and says so when it has seen the text', async () => {
    const seen = await textTask.evaluate(loaded, sourceOf(psalms.slice(3000)), {});
    expect(seen).toMatchObject({ samples: 999, seen: true });
    expect(textTask.tell(seen, '').headline.at(-1)).toMatch(/part of what the model was trained on/);
    const other = await textTask.evaluate(loaded, sourceOf('The man is good.\nThe LORD is my God.'), {});
    expect(other.seen).toBeUndefined();
    expect(other.crossEntropy).toBeLessThan(4);
    await expect(textTask.evaluate(loaded, sourceOf(psalms), { from: '2' })).rejects.toThrow('--from is for tables');
  });

  test('writes through a stream: the same seed the same text, another one another', async () => {
    expect(generationPath(loaded.model)).toEqual({ path: 'stream' });
    const draw = (seed: number) => write(loaded, { prompt: 'The LORD', length: 60, seed });
    const first = await draw(1);
    expect(first).toHaveLength(60);
    expect(await draw(1)).toBe(first);
    expect(await draw(2)).not.toBe(first);
    const { result, text } = await textTask.predict(loaded, undefined, { prompt: 'The LORD', length: 60, seed: 1 });
    expect(result).toEqual({ prompt: 'The LORD', text: `The LORD${first}`, path: 'stream' });
    expect(text).toBe(`The LORD${first}`);
  });

  test('top-k of 1 is temperature 0; --stop ends before the first place where it is written', async () => {
    const greedy = await write(loaded, { prompt: 'The', length: 80, temperature: 0 });
    expect(await write(loaded, { prompt: 'The', length: 80, topK: 1, seed: 5 })).toBe(greedy);
    for (const stop of [greedy.slice(3, 4), greedy.slice(10, 14), greedy.slice(76, 80)]) {
      const made = await write(loaded, { prompt: 'The', length: 80, temperature: 0, stop });
      expect(made).toBe(greedy.slice(0, greedy.indexOf(stop)));
    }
    expect(await write(loaded, { prompt: 'The', length: 80, temperature: 0, stop: `${greedy.slice(-3)}§` })).toBe(
      greedy,
    );
  });

  test.each([
    [{ prompt: 'x§' }, "prompt, line 1, column 2: the character '§' (U+00A7) is not among the "],
    [{ length: 0 }, 'length: 0 is not a whole number'],
    [{ length: 1e9 }, 'length: 1000000000 is more than 100000000'],
    [{ temperature: -1 }, 'temperature: -1 is not a number of at least 0'],
  ])('%j', async (options, message) => {
    await expect(write(loaded, options)).rejects.toThrow(message);
  });

  test('a damaged text is one line', async () => {
    const { counted } = loaded.artefact;
    if (counted === undefined) throw new Error('nothing was counted');
    const broken = { ...loaded.artefact, counted: { ...counted, text: counted.text.slice(0, 99) } };
    await expect(write({ ...loaded, artefact: broken }, {})).rejects.toThrow(
      /^the model: the saved text is damaged; tr/,
    );
  });
});

test('an interruption keeps what was trained, without the later rounds', async () => {
  const stop = new AbortController();
  let kept = 0;
  const trained = await train(
    psalms,
    {},
    {
      ...quick,
      settings: { epochs: 20 },
      signal: stop.signal,
      callbacks: [{ onEpochEnd: (epoch) => (epoch === 1 ? stop.abort() : undefined) }],
      trained: async () => void kept++,
    },
  );
  expect(trained.stopped?.reason).toBe('interrupted');
  expect(trained.history.loss).toHaveLength(2);
  expect(kept).toBe(1);
  expect(trained.evaluation.crossEntropy).toBeGreaterThan(0);
  expect(trained.evaluation.counts).toBeUndefined();
  expect(trained.warnings).toContainEqual(
    expect.stringContaining('interrupted before it was compared with counting; few tokens are scored'),
  );
  trained.model.dispose();
});

test('an interruption of a later round keeps the network of the one before', async () => {
  const stop = new AbortController();
  let rounds = 0;
  const epochs: number[] = [];
  const own: Partial<Run> = {
    ...quick,
    settings: { epochs: 7 },
    signal: stop.signal,
    stage: () => void (++rounds === 2 && stop.abort()),
    callbacks: [{ onTrainBegin: ({ params }) => void epochs.push(params.epochs) }],
  };
  const { model, stopped, warnings, evaluation } = await train(psalms, {}, own);
  expect(stopped?.reason).toBe('interrupted');
  expect(warnings[0]).toMatch(
    /training on the whole training part was not finished; the network from before it is kept/,
  );
  expect(epochs).toEqual([7, 3]);
  expect(evaluation.samples).toBe(800);
  model.dispose();
});

test.each<[string, object, object | undefined, number[]]>([
  ['nothing, where no round was', { epochs: 2 }, undefined, [2, 2, 2]],
  // At such a rate nothing is learnt after the first epochs, and the network gets worse.
  [
    'the first one, where the later ones were not',
    { epochs: 30, patience: 1, learningRate: 0.5 },
    { reason: 'callback', by: 'patience' },
    [30, 2, 2],
  ],
])('of rounds that ended early is told %s', async (_, settings, told, planned) => {
  const epochs: number[] = [];
  const callbacks = [{ onTrainBegin: ({ params }: { params: { epochs: number } }) => void epochs.push(params.epochs) }];
  const text = psalms.slice(0, 1500);
  const own = { settings, callbacks, layers: layers(new Set(text).size) };
  const { model, stopped, history } = await train(text, {}, own);
  model.dispose();
  expect(epochs).toEqual(planned);
  if (told === undefined) expect(stopped).toBeUndefined();
  else expect(stopped).toEqual({ ...told, epoch: history.loss.length - 1, batch: expect.any(Number) });
});

test('a budget that is used up ends the first round after its epoch, and says what was left out', async () => {
  const trained = await train(psalms, {}, { ...quick, settings: { epochs: 1000 }, budget: 0.01 });
  expect(trained.history.loss.length).toBeLessThan(5);
  expect(trained.warnings.join('\n')).toMatch(/no time was left to train on the whole training part/);
  trained.model.dispose();
});

describe('--pure, --tokens, --layers', () => {
  test('pure: the network alone, beside counting', async () => {
    const { evaluation, artefact, warnings, model } = await train(psalms, { pure: true }, quick);
    expect(artefact.counted).toBeUndefined();
    expect(evaluation.weight).toBe(1);
    expect(evaluation.crossEntropy).toBe(evaluation.network?.crossEntropy);
    expect(warnings.join('\n')).toMatch(/the model is no better than counting \d characters back/);
    model.dispose();
  });

  test.each(tokenKinds.slice(1))('%s: bits per character compare, perplexity is per token', async (tokens) => {
    const { model, artefact, evaluation } = await train(
      psalms,
      { tokens, vocabulary: 50 },
      { settings: { epochs: 1 } },
    );
    expect(evaluation.tokenKind).toBe(tokens);
    expect(evaluation.tokens).toBeLessThan(evaluation.samples);
    expect(evaluation.samples).toBeLessThanOrEqual(800);
    const { crossEntropy, samples, tokens: count = 0 } = evaluation;
    expect(Math.log(evaluation.perplexity)).toBeCloseTo((crossEntropy * samples) / count, 8);
    const loaded = { model, artefact: saved(artefact), name: 'm' };
    expect((await write(loaded, { length: 20 })).length).toBeGreaterThan(20);
    model.dispose();
  });

  test('a network that answers after the last token only is asked by windows', async () => {
    const text = psalms.slice(0, 1500);
    const size = new Set(text).size;
    const own = { settings: { epochs: 1 }, layers: `Embedding(${size}, 4), GRU(8), Dense(${size}, softmax)` };
    const { model, artefact, evaluation } = await train(text, { window: 8 }, own);
    expect(artefact.context).toBe('window');
    expect(evaluation.samples).toBe(300);
    expect(generationPath(model)).toMatchObject({ path: 'window' });
    const loaded = { model, artefact: saved(artefact), name: 'm' };
    expect(await write(loaded, { length: 5, seed: 3 })).toBe(await write(loaded, { length: 5, seed: 3 }));
    model.dispose();
  });

  test('one that reads from both ends learns from windows side by side, and is stopped by others', async () => {
    const text = psalms.slice(0, 1500);
    const size = new Set(text).size;
    const layers = `Embedding(${size}, 4), Bidirectional(GRU(4, return_sequences=true)), Dense(${size}, softmax)`;
    let batches = 0;
    const callbacks = [{ onBatchEnd: () => void batches++ }];
    const { model, artefact, evaluation, history } = await train(
      text,
      { window: 8 },
      { settings: { epochs: 1, batchSize: 16 }, layers, callbacks },
    );
    expect([artefact.context, artefact.window, evaluation.samples]).toEqual(['window', 8, 300]);
    // Of 1080 tokens 134 windows, of 1200 twice 149, of 1500 twice 186: none without a token after its last one.
    expect(batches).toBe(9 + 2 * 10 + 2 * 12);
    // It is stopped by the 120 tokens after the first 1080, each of which counts once.
    const right = 120 * (history.val_accuracy?.[0] ?? Number.NaN);
    expect(right).toBeCloseTo(Math.round(right), 3);
    model.dispose();
  });
});

describe('plain', () => {
  test('is one fit over windows that begin every half window: the same weights as by hand', async () => {
    const { model, evaluation, artefact, settings } = await train(
      psalms,
      {},
      { ...quick, plain: true, seed: 3, settings: { epochs: 1 } },
    );
    expect(settings).toMatchObject({ batchSize: 32, learningRate: 0.004, validationSplit: 0.2 });
    const byHand = sequential(quick.layers, { inputShape: [50], seed: 3 });
    byHand.compile({ optimizer: adam({ learningRate: 0.004 }), loss: 'sparseCategoricalCrossentropy' });
    const { x, y } = tokenWindows(artefact.tokens.encode(psalms.slice(0, 3200), 't'), 50, 25, true);
    await byHand.fit(x, y, { epochs: 1, batchSize: 32, seed: 3, verbose: 0 });
    expect(model.getWeights()).toEqual(byHand.getWeights());
    expect(evaluation.samples).toBe(750);
    const loaded = { model, artefact: saved(artefact), name: 'm' };
    const again = await textTask.evaluate(loaded, sourceOf(psalms.slice(3200)), {});
    expect(again).toEqual(evaluation);
    model.dispose();
    byHand.dispose();
  });

  test('what an earlier version saved loads, evaluates and writes', async () => {
    const model = await loadModel(join(root, 'models/psalms'));
    const artefact = textTask.parse(new Fields(model.metadata.task, 'task'));
    expect(artefact).toMatchObject({ window: 50, context: 'window' });
    const loaded = { model, artefact, name: 'models/psalms' };
    const { crossEntropy } = await textTask.evaluate(loaded, sourceOf(psalms), {});
    expect(crossEntropy).toBeLessThan(1.6);
    expect(generationPath(model)).toEqual({ path: 'stream' });
    expect(await write(loaded, { prompt: 'The LORD is', length: 12, temperature: 0 })).toMatch(/^ [a-z]/);
    model.dispose();
  });
});

describe('texts as they come', () => {
  test.each([
    [
      'hello world',
      'data.txt: 8 characters to train on are too few, a text needs at least 50; --symbols is for a sequence of symbols',
    ],
    ['aaaa', 'data.txt: holds one character only; there is nothing to learn'],
  ])('%j', async (text, message) => {
    await expect(textTask.prepare(sourceOf(text), {}, runOf())).rejects.toThrow(message);
  });

  test.each([
    [{ window: 60 }, {}, 'data', 'data.txt: its 72 characters are too few for window 60; take --window 36 or less'],
    [{ vocabulary: 5 }, {}, 'usage', 'vocabulary: characters have no size; give --tokens words or --tokens bpe'],
    [{}, { settings: { validationSplit: 1 } }, 'usage', 'validation split: 1 is not in [0, 1)'],
    [{}, { settings: { epochs: 0 } }, 'usage', 'epochs: 0 is not a whole number of at least 1'],
  ])('%j %j', async (options, own, code, message) => {
    const made = textTask.prepare(sourceOf('helloworld'.repeat(10)), options, runOf(own));
    await expect(made).rejects.toMatchObject({ code, message });
  });

  test('NFC and NFD are one text', async () => {
    const text = 'café au lait, crème brûlée. '.repeat(20);
    const own = { settings: { epochs: 1 }, layers: layers(new Set(text).size) };
    const [a, b] = [await train(text, {}, own), await train(text.normalize('NFD'), {}, own)];
    expect(b.artefact).toEqual(a.artefact);
    expect(b.evaluation).toEqual(a.evaluation);
    const loaded = { model: a.model, artefact: a.artefact, name: 'm' };
    const prompts = ['café'.normalize('NFC'), 'café'.normalize('NFD')];
    const [c, d] = await Promise.all(prompts.map((prompt) => write(loaded, { prompt, length: 9 })));
    expect(d).toBe(c);
    a.model.dispose();
    b.model.dispose();
  });

  test('any text trains, is evaluated and goes on, or is refused in one line', async () => {
    const characters = fc.oneof(
      fc.constantFrom('a', 'b', ' ', '\n', 'é', '👋🏽', '語'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    );
    const texts = fc.array(characters, { maxLength: 200 }).map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(texts, fc.constantFrom(...tokenKinds), async (text, tokens) => {
        try {
          const { model, artefact, evaluation } = await train(text, { tokens }, { settings: { epochs: 1 } });
          expect(Number.isFinite(evaluation.crossEntropy)).toBe(true);
          expect(evaluation.crossEntropy).toBeGreaterThan(0);
          expect(evaluation.samples).toBeGreaterThan(0);
          const made = await write({ model, artefact: saved(artefact), name: 'm' }, { length: 3, temperature: 2 });
          expect(made.length).toBeGreaterThan(0);
          model.dispose();
        } catch (error) {
          if (!(error instanceof MemcellError)) throw error;
          expect(error.message).not.toContain('\n');
        }
      }),
      { numRuns: 15 },
    );
  });
});

test('texts are packed without loss', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (text) => {
      expect(await unpackText(await packText(text), 't')).toBe(text);
    }),
    { numRuns: 30 },
  );
  await expect(unpackText('%%', 'the text')).rejects.toThrow('the text is damaged; train the model again');
});

test('the weight of a mixture is the likeliest one', () => {
  const p = Float64Array.of(0.9, 0.2, 0.5, 0.1);
  const q = Float64Array.of(0.3, 0.6, 0.1, 0.4);
  const loss = (w: number) => -p.reduce((sum, value, i) => sum + Math.log(w * value + (1 - w) * q[i]), 0);
  const weight = fitWeight(p, q);
  for (const other of [0, 0.25, 0.75, 1]) expect(loss(weight)).toBeLessThanOrEqual(loss(other));
  expect(
    fitWeight(
      p,
      p.map((value) => value / 2),
    ),
  ).toBeGreaterThan(0.99);
});
