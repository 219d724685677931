/** Small rules of the command line: how values are read, what a terminal is, what is drawn of scores. */
import { describe, expect, jest, test } from '@jest/globals';
import { SingleBar } from 'cli-progress';
import { InvalidArgumentError } from 'commander';
import { trainingOf } from '../../src/cli/choose.js';
import { Session } from '../../src/cli/command.js';
import { showProgress } from '../../src/cli/progress.js';
import { openJournal, openTrials, parseCheckpoint } from '../../src/cli/resuming.js';
import { chartText } from '../../src/cli/terminal/chart.js';
import { lookText } from '../../src/cli/terminal/look.js';
import { answersText, curvesText, forecastsText, scoresText } from '../../src/cli/terminal/pictures.js';
import { addShape, parseDuration, parseSizes, quoted } from '../../src/cli/values.js';
import { openSource } from '../../src/data/source.js';
import type { Evaluation } from '../../src/report/input.js';
import type { ShownForecasts } from '../../src/tasks/shown.js';
import type { TrainingContext } from '../../src/training/callbacks.js';
import { file, temporaryFolder } from './streams.js';

const folder = temporaryFolder('in memory');

/** What a value is refused with. */
function refused(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof InvalidArgumentError) return error.message;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('values', () => {
  test.each([
    ['30', 30],
    ['30s', 30],
    [' 1.5 m ', 90],
    ['5min', 300],
    ['2H', 7200],
  ])('a time: %j is %d seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
    expect(parseCheckpoint(text)).toEqual({ seconds });
  });

  test('or epochs', () => {
    expect(['1 epoch', '10epochs', ' 3 Epochs '].map(parseCheckpoint)).toEqual([
      { epochs: 1 },
      { epochs: 10 },
      { epochs: 3 },
    ]);
    expect(refused(() => parseCheckpoint('0 epochs'))).toBe('It must be a time or some epochs above 0.');
    for (const wrong of ['0', '-1s', 'x', 's', '']) {
      expect(refused(() => parseDuration(wrong))).toBe('It must be a number above 0.');
    }
  });

  test('sizes, and shapes of four of them', () => {
    expect(parseSizes('32, 5,2147483647')).toEqual([32, 5, 2147483647]);
    expect(addShape('1,2,3,4', addShape('5,6,7,8'))).toEqual([
      [5, 6, 7, 8],
      [1, 2, 3, 4],
    ]);
    for (const wrong of ['0', '1,', '1.5', '-1', '2147483648', ''])
      expect(refused(() => parseSizes(wrong))).toBe('It must be whole numbers above 0 with commas between them.');
    expect(refused(() => addShape('1,2,3'))).toBe('It must be 4 whole numbers above 0 with commas between them.');
  });

  test('paths as a shell takes them', () => {
    expect(['a/b-c_1.csv:@%+=', 'a b', 'a"b', ''].map(quoted)).toEqual(['a/b-c_1.csv:@%+=', '"a b"', '"a\\"b"', '""']);
  });
});

describe('what a run that is resumed must have as it was', () => {
  const source = () => openSource(file(folder, 'data.txt', '1 2 3'));
  const asked = { kind: 'symbols', options: { window: 3 } } as const;
  const values = { seed: 3, epochs: 4, threads: 1, budget: 60, layers: 'LSTM(3)' };
  const how = { sql: 'select 1', from: { model: 'm', bytes: 3 } };

  test.each<[string, object, object, object, string | undefined]>([
    ['nothing else', {}, {}, {}, undefined],
    ['other threads', {}, {}, { threads: 2 }, undefined],
    ['another time', {}, {}, { budget: 90 }, 'training.budget was 60 and is 90'],
    ['other epochs', {}, {}, { epochs: 5 }, 'training.settings.epochs was 4 and is 5'],
    ['other layers', {}, {}, { layers: 'LSTM(4)' }, 'training.layers was LSTM(3) and is LSTM(4)'],
    ['another window', {}, { options: { window: 4 } }, {}, 'options.window was 3 and is 4'],
    ['another query', { sql: 'select 2' }, {}, {}, 'sql was select 1 and is select 2'],
    ['no query', { sql: undefined }, {}, {}, 'sql was select 1 and is not given'],
    ['another beginning', { from: { model: 'm', bytes: 4 } }, {}, {}, 'from.bytes was 3 and is 4'],
  ])('%s', async (name, otherHow, otherAsked, otherValues, refused) => {
    const [out, searched] = [`${folder}/${name}`, `${folder}/${name} of trials`];
    const said: string[] = [];
    const say = (line: string) => void said.push(line);
    const training = (more: { resume: boolean }, a = asked, v = values) =>
      openJournal({ out, every: { epochs: 1 }, ...how, ...more }, a, v, source(), say);
    const search = (more: { resume: boolean }, a = asked, v = values) =>
      openTrials({ out: searched, ...how, ...more }, a, v, source(), say);
    const journal = await training({ resume: false });
    for (const kind of ['end', 'end', 'running'] as const)
      await journal.next().write({ values: {}, arrays: [Float32Array.of(1)] }, kind);
    const outcome = { metric: 'nats', samples: 9, layers: 'LSTM(2)', seconds: 1, error: 1 };
    await (await search({ resume: false })).add(1, outcome as never);
    const again = { ...otherHow, resume: true };
    const given = [
      { ...asked, ...otherAsked },
      { ...values, ...otherValues },
    ] as const;
    /** A search may go on for another time; it starts from no model. */
    const searches = refused === undefined || /budget|from/.test(refused);
    if (refused === undefined) {
      await training(again, ...given);
      expect(said).toEqual([`resuming from ${out}.resume: 2 networks were trained, one in part`]);
    } else
      await expect(training(again, ...given)).rejects.toThrow(
        `${out}.resume is of another run: ${refused}; go on with`,
      );
    said.length = 0;
    if (searches) {
      await search(again, ...given);
      expect(said).toEqual([`resuming from ${searched}.resume: 1 trial is done`]);
    } else
      await expect(search(again, ...given)).rejects.toThrow(
        `${searched}.resume is of another search: ${refused}; go on with`,
      );
  });
});

test('what training is told is what was given, 0 too', () => {
  expect(trainingOf({})).toEqual({ seed: 0, plain: false, settings: {} });
  const settings = {
    validationSplit: 0,
    patience: 0,
    learningRate: 0,
    epochs: 1,
    batchSize: 2,
    optimizer: 'sgd',
  } as const;
  expect(
    trainingOf({ ...settings, seed: 3, plain: true, layers: ' LSTM(3),\n  Dense(1) ', threads: 2, budget: 0 }),
  ).toEqual({
    seed: 3,
    plain: true,
    settings,
    layers: 'LSTM(3), Dense(1)',
    threads: 2,
    budget: 0,
  });
});

test('a session keeps one document apart from what is said', async () => {
  const of = async (json: boolean) => {
    const [out, err]: string[][] = [[], []];
    const streams = {
      stdout: { write: (text: string) => out.push(text) > 0 },
      stderr: { write: (text: string) => err.push(text) > 0 },
    };
    const session = new Session(streams, json);
    session.print('one');
    session.print('two\n');
    session.stream('three');
    await session.flow('four');
    session.result({ five: 5 });
    session.note('six');
    session.warn(['seven', 'eight'], ['seven']);
    return { out: out.join('|'), err: err.join('|') };
  };
  expect(await of(false)).toEqual({ out: 'one\n|two\n|three|four', err: 'six\n|warning: eight\n' });
  expect(await of(true)).toEqual({ out: '{"five":5}\n', err: 'six\n|warning: seven\n|warning: eight\n' });
  let drained = () => {};
  const once = (_: string, room: () => void) => {
    drained = room;
  };
  const full = { write: () => false, once };
  const session = new Session({ stdout: full as never, stderr: full as never }, false);
  let done = false;
  const flowing = session.flow('x').then(() => {
    done = true;
  });
  await Promise.resolve();
  expect(done).toBe(false);
  drained();
  await flowing;
});

test('a bar tells the epoch, the newest numbers and the time that is left, ten times a second at most', () => {
  let now = 1000;
  const clock = jest.spyOn(performance, 'now').mockImplementation(() => now);
  const update = jest.spyOn(SingleBar.prototype, 'update').mockImplementation(() => {});
  const written: string[] = [];
  const write = (text: string) => written.push(text) > 0;
  const stream = { write, isTTY: true, columns: 120, on: () => {}, once: () => {} };
  const { callback, stage, stop } = showProgress(stream);
  const params = { epochs: 10, steps: 5 };
  const context = { params } as TrainingContext;
  stage('first');
  expect(written).toEqual(['first\n']);
  callback.onTrainBegin?.(context);
  callback.onEpochBegin?.(0, context);
  now += 2000;
  callback.onBatchEnd?.(1, { loss: 3 }, context);
  now += 99;
  callback.onBatchEnd?.(2, { loss: 2 }, context);
  now += 401;
  callback.onEpochEnd?.(0, { loss: 2, val_loss: 2.5 }, context);
  callback.onEpochBegin?.(1, context);
  now += 500;
  callback.onBatchEnd?.(0, { loss: 1.5 }, context);
  stop();
  now += 500;
  callback.onBatchEnd?.(1, { loss: 1 }, context);
  stop();
  expect(update.mock.calls).toEqual([
    // Two of fifty batches took 2 s.
    [2, { epoch: ' 1/10', numbers: 'loss 3', left: '  48 s left' }],
    [5, { epoch: ' 1/10', numbers: 'loss 2  val_loss 2.500', left: '  23 s left' }],
    [6, { epoch: ' 2/10', numbers: 'loss 1.500  val_loss 2.500', left: '  22 s left' }],
  ]);
  update.mockRestore();
  clock.mockRestore();
});

describe('pictures', () => {
  const paper = { width: 60, colours: false };
  /** Names of bars, how long they are beside the longest, and what is told. */
  const bars = (text: string) =>
    text.split('\n\n').map((part) => {
      const [title, ...rows] = part.split('\n').map((line) => line.trim().split(/ +(?=[█▏▎▍▌▋▊▉])|(?<=[█▏▎▍▌▋▊▉]) +/));
      return [title[0], ...rows.map(([name, bar, told]) => (told === undefined ? [name] : [name, bar.length, told]))];
    });

  test('of a text: bits', () => {
    const one = { crossEntropy: 1, perplexity: 2 };
    const alone: Evaluation = {
      kind: 'text',
      samples: 9,
      ...one,
      bitsPerCharacter: 2,
      unigramCrossEntropy: 4 * Math.LN2,
    };
    const width = 60 - 'frequencies alone'.length - 4 - 4;
    expect(bars(scoresText(alone, paper))).toEqual([
      [
        'bits a character: less is better',
        ['the model', Math.ceil(width / 2), '2.00'],
        ['frequencies alone', width, '4.00'],
      ],
    ]);
    const beside: Evaluation = {
      ...alone,
      network: { ...one, bitsPerCharacter: 2.5 },
      counts: { ...one, bitsPerCharacter: 3, back: 4 },
    };
    expect(
      bars(scoresText(beside, paper))[0]
        .slice(1)
        .map(([name, , told]) => [name, told]),
    ).toEqual([
      ['the model', '2.00'],
      ['the network alone', '2.50'],
      ['counting 4 back', '3.00'],
      ['frequencies alone', '4.00'],
    ]);
  });

  test('of symbols: right answers, the whole width for all of them', () => {
    const evaluation: Evaluation = { kind: 'symbols', samples: 9, accuracy: 1, majorityAccuracy: 0.5 };
    const width = 60 - 'the most frequent'.length - '100.0 %'.length - 4;
    expect(bars(scoresText(evaluation, paper))).toEqual([
      ['right answers', ['the model', width, '100.0 %'], ['the most frequent', width / 2, '50.0 %']],
    ]);
    const more: Evaluation = { ...evaluation, repeatAccuracy: 0.25, counts: { accuracy: 0.75, back: 2 } };
    expect(
      bars(scoresText(more, paper))[0]
        .slice(3)
        .map(([name, , told]) => [name, told]),
    ).toEqual([
      ['the last one again', '25.0 %'],
      ['counting 2 back', '75.0 %'],
    ]);
  });

  test('of classes: those that are found least first, twenty at most; those that do not occur are left out', () => {
    const of = (recalls: (number | null)[]) => {
      const classes = recalls.map((recall, i) => ({ name: `c${i}`, recall, samples: 1, precision: 1, f1: 1 }));
      return bars(
        scoresText(
          { kind: 'classify', accuracy: 0.5, majorityAccuracy: 0.25, classes } as unknown as Evaluation,
          paper,
        ),
      );
    };
    expect(of([0.5, null, 0])[1].slice(1)).toEqual([['c2  0.0 %'], ['c0', expect.any(Number), '50.0 %']]);
    const few = of([0.9, null, 0.1]);
    expect(few.map(([title]) => title)).toEqual(['right answers', 'of each class, found']);
    expect(few[0].slice(1).map(([name, , told]) => [name, told])).toEqual([
      ['the model', '50.0 %'],
      ['the most frequent class', '25.0 %'],
    ]);
    expect(few[1].slice(1).map(([name]) => name)).toEqual(['c2', 'c0']);
    const many = of(Array.from({ length: 21 }, (_, i) => 1 - i / 40));
    expect(many[1][0]).toBe('of each class, found (the 20 hardest of 21)');
    expect(many[1].slice(1).map(([name]) => name)).toEqual(Array.from({ length: 20 }, (_, i) => `c${20 - i}`));
    expect(of(new Array(20).fill(0.5))[1][0]).toBe('of each class, found');
    expect(of([null, null])).toHaveLength(1);
  });

  test('of answers: the most frequent first', () => {
    expect(answersText([], paper)).toBe('');
    expect(bars(answersText(['a', 'b', 'b'], paper))[0].map((one) => (typeof one === 'string' ? one : one[0]))).toEqual(
      ['answers', 'b', 'a'],
    );
    const many = Array.from({ length: 21 }, (_, i) => new Array<string>(i + 1).fill(`n${i}`)).flat();
    expect(bars(answersText(many, paper))[0]).toHaveLength(21);
  });

  test('of a training: from two epochs on', () => {
    expect([curvesText({}, paper), curvesText({ loss: [1], val_loss: [2] }, paper)]).toEqual(['', '']);
    const lines = curvesText({ loss: [3, 2, 1] }, paper).split('\n');
    expect([lines[0], lines.at(-1)?.trim().split(/ {2,}/)]).toEqual(['loss', ['epoch 1', 'epoch 3']]);
    expect(curvesText({ loss: [31, 1] }, paper).split('\n')[0]).toBe('loss, logarithmic');
    expect(curvesText({ loss: [3, 2], val_loss: [3, 1] }, paper).split('\n')[1]).toBe('  ── training   ╌╌ held out');
  });

  test('of forecasts: two series, each column with what is known of it', () => {
    const block = (x: number[], y: number[]) => ({ x, y, intervals: [] });
    const one = (series: string, forecasts: object[]) =>
      ({
        kind: 'forecast',
        series,
        axis: { kind: 'number' },
        columns: [{ name: 'y', actual: { x: [1, 2, 3, 4], y: [1, 2, 1, 2] }, forecasts }],
      }) as unknown as ShownForecasts;
    const next = {
      series: 'b',
      columns: [{ ...block([5, 6], [2, 3]), intervals: [{ probability: 0.8, lower: [1, 1], upper: [3, 4] }] }],
    };
    const shown = [one('a', [block([3], [1]), block([4], [2])]), one('b', []), one('c', [])];
    const parts = forecastsText(shown, [next], paper).split('\n\n');
    expect(parts.map((part) => part.split('\n')[0])).toEqual(['a: y', 'b: y', '1 more series; --report draws them']);
    expect(parts[0].split('\n')[1]).toBe('  ── what happened   ╌╌ forecast before it happened');
    expect(parts[1].split('\n')[1]).toBe('  ── what happened   ╌╌ what comes next   ░░ 80 %');
    expect(forecastsText([one('', [])], [], paper).split('\n')[0]).toBe('y');
    expect(forecastsText([], [next], paper)).toBe('');
  });

  test('of a training: each curve by its own epochs, whichever is longer', () => {
    const chart = (loss: number[], held: number[]) =>
      chartText(
        {
          title: 'loss',
          lines: [
            { name: 'training', x: loss.map((_, i) => i + 1), y: loss, colour: 'blue' },
            { name: 'held out', x: held.map((_, i) => i + 1), y: held, colour: 'orange', dashed: true },
          ],
          place: (epoch) => `epoch ${epoch}`,
          mayBeLog: true,
        },
        { width: 60, colours: true },
      );
    for (const [loss, held] of [
      [
        [4, 3, 2],
        [5, 4],
      ],
      [[4], [5, 4, 3]],
      [
        [90, 3, 2],
        [80, 5, 1],
      ],
    ])
      expect(curvesText({ loss, val_loss: held }, { width: 60, colours: true })).toBe(chart(loss, held));
  });

  test('of forecasts: what was forecast and a third as much before it, each series and column with its own', () => {
    const colours = { width: 70, colours: true };
    const block = (x: number[], y: number[], ...probabilities: number[]) => ({
      x,
      y,
      intervals: probabilities.map((probability) => ({
        probability,
        lower: y.map((value) => value - 10 * probability),
        upper: y.map((value) => value + 5 * probability),
      })),
    });
    const list = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
    const x = list(1, 100);
    const series = (name: string, by: number, forecasts: object[]) => ({
      kind: 'forecast',
      series: name,
      axis: 'row',
      columns: ['sold', 'price'].map((column, c) => ({
        name: column,
        actual: { x, y: x.map((at) => by * ((at * (c + 3)) % 17)) },
        forecasts,
      })),
    });
    const next = ['b', 'a'].map((name, n) => ({
      series: name,
      columns: [0, 1].map((c) => block([101, 102], [n + 3 * c, n + 5], 0.8, 0.95)),
    }));
    const told = (shown: object[], coming: typeof next) =>
      forecastsText(shown as unknown as ShownForecasts[], coming, colours);
    type Drawn = Parameters<typeof chartText>[0];
    const chart = (title: string, by: number, c: number, from: number, more: Drawn['lines'], bands: Drawn['bands']) => {
      const seen = list(from, 100);
      const happened = { x: seen, y: seen.map((at) => by * ((at * (c + 3)) % 17)), colour: 'ink' as const };
      const lines = [{ name: 'what happened', ...happened }, ...more];
      return chartText({ title, lines, ...(bands && { bands }), place: (at) => `row ${at}` }, colours);
    };
    const coming = (by: number, c: number, n: number, dashed: boolean): Drawn['lines'][number] => ({
      name: 'what comes next',
      x: [100, 101, 102],
      y: [by * ((100 * (c + 3)) % 17), n + 3 * c, n + 5],
      colour: 'blue',
      dashed,
    });
    const band = (c: number, n: number): NonNullable<Drawn['bands']> => [
      {
        name: '80 %',
        x: [101, 102],
        lower: [n + 3 * c - 8, n + 5 - 8],
        upper: [n + 3 * c + 4, n + 5 + 4],
        colour: 'blue',
      },
    ];
    const before = { name: 'forecast before it happened', colour: 'orange', dashed: true } as const;
    // From row 73 to row 102, and ten rows before; blocks of several steps do not hang together.
    const several = [block([73, 74], [3, 4]), block([75, 76], [9, 8])];
    const broken = { ...before, x: [73, 74, 74, 75, 76, 76], y: [3, 4, Number.NaN, 9, 8, Number.NaN] };
    expect(told([series('a', 1, several), series('b', 2, []), series('c', 3, [])], next)).toBe(
      [
        ...[0, 1].map((c) =>
          chart(`a: ${['sold', 'price'][c]}`, 1, c, 64, [broken, coming(1, c, 1, false)], band(c, 1)),
        ),
        // Of none forecast, the last sixty rows and what comes, and a third as much before.
        ...[0, 1].map((c) => chart(`b: ${['sold', 'price'][c]}`, 2, c, 21, [coming(2, c, 0, true)], band(c, 0))),
        '1 more series; --report draws them',
      ].join('\n\n'),
    );
    // Without what comes next it ends with what happened; of one step each they are one line.
    const ones = [block([92], [3]), block([93], [1]), block([94], [2])];
    const line = { ...before, x: [92, 93, 94], y: [3, 1, 2] };
    expect(told([series('', 1, ones)], [])).toBe(
      [chart('sold', 1, 0, 90, [line], undefined), chart('price', 1, 1, 90, [line], undefined)].join('\n\n'),
    );
  });

  test('of a table: lines with breaks at their gaps, and averages by the places of their cycles', () => {
    const day = 86_400_000;
    const x = [0, 1, 4, 5].map((at) => at * day);
    const cycle = (name: string, places: string[]) => ({
      name,
      places: places.map((place, i) => ({ place, mean: (i * 5) % 7 })),
    });
    const column = {
      kind: 'numbers',
      name: 'sold',
      line: { x, y: [3, 1, 2, 5] },
      gaps: [{ from: day, to: 4 * day }],
      cycles: [cycle('weekday', ['Mon', 'Tue', 'Fri']), cycle('hour', ['0', '12'])],
    };
    const look = { axis: 'date', series: ['north', 'south'].map((name) => ({ name, columns: [column] })) };
    const colours = { width: 60, colours: true };
    const drawn = ['north', 'south'].flatMap((series) => {
      const name = `${series}: sold`;
      const broken = { x: [0, 1, 2.5, 4, 5].map((at) => at * day), y: [3, 1, Number.NaN, 2, 5] };
      const means = { x: [0, 1, 2], y: [0, 5, 3] };
      const place = (at: number) => new Date(at).toISOString().slice(0, 10);
      return [
        chartText(
          { title: `${name}, 1 gap`, lines: [{ name, ...broken, colour: 'blue' }], place, height: 10 },
          colours,
        ),
        // Of two places there is nothing to see.
        chartText(
          {
            title: `${name}: mean by weekday`,
            lines: [{ name, ...means, colour: 'orange' }],
            place: (i) => ['Mon', 'Tue', 'Fri'][i],
            height: 5,
          },
          colours,
        ),
      ];
    });
    expect(lookText(look as unknown as Parameters<typeof lookText>[0], colours)).toBe(`\n${drawn.join('\n\n')}\n`);
  });
});
