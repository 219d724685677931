/** What command lines are refused with, and what they say of what was left out: whole lines, with names and numbers in them. */
import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseHTML } from 'linkedom';
import { serveLive } from '../../src/cli/liveServer.js';
import { run } from '../../src/cli/main.js';
import { lookText } from '../../src/cli/terminal/look.js';
import { Dense, LSTM, Sequential } from '../../src/index.js';
import { file, memcell, seriesCsv, temporaryFolder } from './streams.js';

// biome-ignore lint/suspicious/noExplicitAny: what JavaScript may give
type Any = any;

const folder = temporaryFolder('in memory');
const place = (name: string) => join(folder, name);
const series = file(folder, 'series.csv', seriesCsv(40));
const classes = file(
  folder,
  'classes.csv',
  `a,b,kind\n${Array.from({ length: 20 }, (_, i) => `${i % 7},${(i * i) % 5},${'uv'[i % 2]}`).join('\n')}\n`,
);
const words = file(folder, 'words.txt', 'so it goes on and on. '.repeat(20));
const numbers = file(folder, 'numbers.txt', '1 2 3 '.repeat(10));

beforeAll(async () => {
  const fast = ['--plain', '--epochs', '1', '--seed', '1'];
  for (const argv of [
    [series, '--forecast', 'value', '--window', '3', '--layers', 'LSTM(1), Dense(1)', '--out', place('forecast')],
    [classes, '--classify', 'kind', '--layers', 'LSTM(1), Dense(2, softmax)', '--out', place('classify')],
    [
      words,
      '--text',
      '--window',
      '4',
      '--layers',
      'Embedding(11, 2), LSTM(2, return_sequences=true), Dense(11, softmax)',
      '--out',
      place('text'),
    ],
    [numbers, '--symbols', '--layers', 'LSTM(1), Dense(3, softmax)', '--out', place('symbols')],
  ]) {
    const { code, err } = await memcell('train', ...argv, ...fast);
    if (code !== 0) throw new Error(err);
  }
  const model = new Sequential([LSTM(13, { inputShape: [2, 3] }), Dense(13)], { seed: 1 });
  await model.save(place('bare'));
  model.dispose();
}, 60_000);

/** The exit code, and the last line of what is said, without the folder. */
async function refusal(...argv: string[]): Promise<[number, string | undefined]> {
  const { code, err } = await memcell(...argv.map((one) => one.replace(/^@/, `${folder}/`)));
  return [code, err.trim().split('\n').at(-1)?.replaceAll(`${folder}/`, '@')];
}

describe('refused', () => {
  test.each<[string, string, number]>([
    ['train @series.csv', 'the task is missing: add --forecast COL,..., --classify COL, --text or --symbols', 2],
    ['train @series.csv --forecast value --symbols', '--forecast and --symbols are two tasks; give one', 2],
    [
      'train @series.csv --forecast value --symbols --text',
      '--forecast and --text and --symbols are 3 tasks; give one',
      2,
    ],
    [
      'train @classes.csv --classify kind --horizon 3',
      "option '--horizon' belongs to --forecast, not to --classify; leave it out",
      2,
    ],
    [
      'train @numbers.txt --symbols --group a',
      "option '--group' belongs to --forecast, --classify, not to --symbols; leave it out",
      2,
    ],
    [
      'train @series.csv --forecast ,',
      "option '--forecast <COL,...>' argument ',' is invalid. It must be names with commas between them.",
      2,
    ],
    [
      'train @series.csv --forecast value --window 0',
      "option '--window <N>' argument '0' is invalid. It must be a whole number of at least 1.",
      2,
    ],
    [
      'train @series.csv --forecast value --from @forecast --out @forecast',
      '--from and --out are both @forecast: a run that is killed could not be resumed from what it has replaced; give another --out',
      2,
    ],
    [
      'tune @series.csv --forecast value --resume',
      '--resume goes on with the trials beside the model that --out names; give both',
      2,
    ],
    ['backtest @words.txt --text', "unknown option '--text'", 2],
    [
      'evaluate @forecast @series.csv --targets a',
      '@forecast: --targets is for models without a task; this one knows its own',
      2,
    ],
    [
      'evaluate @forecast @series.csv --features a',
      '@forecast: --features is for models without a task; this one knows its own',
      2,
    ],
    [
      'evaluate @classify @classes.csv --loss mse',
      '@classify: --loss is for models without a task; this one knows its own',
      2,
    ],
    [
      'evaluate @classify @classes.csv --metrics mae',
      '@classify: --metrics is for models without a task; this one knows its own',
      2,
    ],
    [
      'predict @forecast --features value',
      '@forecast: --features is for models without a task; this one knows its columns',
      2,
    ],
    ['predict @text', '@text: a model trained with --text writes text: use memcell generate', 2],
    ['predict @symbols --plot', '@symbols: --plot draws forecasts and classes, not symbols; leave it out', 2],
    [
      'predict @classify @classes.csv --steps 3',
      '@classify: --steps is for models trained with --forecast or --symbols, not --classify',
      2,
    ],
    ['predict @forecast --start 3', '@forecast: --start is for models trained with --symbols, not --forecast', 2],
    [
      'generate @forecast',
      '@forecast: a model for forecast writes no text; use memcell predict, or train one with --text',
      2,
    ],
    [
      'generate @symbols',
      '@symbols: a model for symbols writes no text; use memcell predict, or train one with --text',
      2,
    ],
    ['predict @bare', '@bare: is a model without a task; give the samples: memcell predict @bare DATA', 2],
    ['predict @bare @series.csv --steps 3', '@bare: --steps is for models of memcell train; this one has no task', 2],
    ['evaluate @bare @series.csv --targets value', '@bare: comes without a loss; name one, such as --loss mse', 2],
    ['predict @bare @series.csv --plot', '@bare: --plot is for models of memcell train; this one has no task', 2],
    [
      'predict @bare @series.csv --interval 80',
      '@bare: --interval is for models of memcell train; this one has no task',
      2,
    ],
    ['evaluate @bare @series.csv --plot', '@bare: --plot is for models of memcell train; this one has no task', 2],
    [
      'evaluate @bare @series.csv --report @x.html',
      '@bare: --report is for models of memcell train; this one has no task',
      2,
    ],
    ['evaluate @bare @series.csv --from 3', '@bare: --from is for models of memcell train; this one has no task', 2],
    ['predict @classify', '@classify: give the DATA whose rows are to be classified', 2],
    ['evaluate @bare @series.csv --metrics mae', '--metrics goes with --loss: name the loss too', 2],
    ['plot @series.csv --out @x.png', '--out @x.png: name a file that ends in .html or .svg', 2],
    ['help trian', "unknown command 'trian'; did you mean train?", 2],
    [
      'help qqqqq',
      "unknown command 'qqqqq'; the commands are train, predict, evaluate, backtest, tune, generate, report, gates, plot, summary, convert, check, bench, help",
      2,
    ],
  ])('%s', async (line, message, code) => {
    expect(await refusal(...line.split(' '))).toEqual([code, `memcell: ${message}`]);
  });
});

test('a model that training starts from may be replaced only by what is trained on it, however it is written', async () => {
  const given = ['train', series, '--forecast', 'value', '--window', '3', '--plain', '--epochs', '1'];
  const [from, same] = [place('forecast'), join(folder, 'other', '..', 'forecast', '/')];
  const { code, err } = await memcell(...given, '--from', from, '--out', same);
  expect([code, err]).toEqual([2, expect.stringContaining(`memcell: --from and --out are both ${same}: `)]);
  // Nothing is replaced where nothing is trained; what it would start from is said.
  const dry = await memcell(...given, '--from', from, '--out', same, '--dry-run');
  expect([dry.code, dry.err]).toEqual([0, '']);
  const lines = dry.out.trimEnd().split('\n');
  expect(lines.slice(-3)).toEqual([
    expect.stringContaining(`the weights of ${from}`),
    `scaled by this data; window and horizon, where not given, are those of ${from}`,
    expect.stringMatching(/^training LSTM\(1\), Dense\(1\) on \d+ samples, \d+ more held out$/),
  ]);
  const tested = await memcell('backtest', series, ...given.slice(2), '--from', from, '--folds', '2');
  expect([tested.code, tested.err]).toEqual([0, expect.stringContaining(`the weights of ${from}`)]);
});

test('a model is saved though its page cannot be written, and replaced by one of another task only where that is asked for', async () => {
  const out = place('saved');
  const train = (...more: string[]) =>
    memcell(
      'train',
      classes,
      '--classify',
      'kind',
      '--layers',
      'LSTM(1), Dense(2, softmax)',
      '--plain',
      '--epochs',
      '1',
      ...more,
    );
  const page = join(folder, 'nowhere', 'page.html');
  const { code, out: printed, err } = await train('--out', out, '--report', page);
  expect([code, err.trim().split('\n').at(-1)]).toEqual([
    1,
    `memcell: ${page}: cannot be written (ENOENT); give another file`,
  ]);
  expect(printed).toContain(`saved in ${out}; next: `);
  expect([existsSync(join(out, 'model.json')), existsSync(`${out}.resume`)]).toEqual([true, false]);
  expect((await memcell('predict', out, classes)).code).toBe(0);
  const other = ['--symbols', '--layers', 'LSTM(1), Dense(3, softmax)', '--plain', '--epochs', '1', '--out', out];
  const refused = await memcell('train', numbers, ...other);
  expect([refused.code, refused.err]).toEqual([2, expect.stringMatching(/^memcell: .*--force.*\n$/)]);
  expect((await memcell('tune', numbers, ...other.filter((one) => one !== '--plain'), '--trials', '1')).err).toBe(
    refused.err,
  );
  expect((await memcell('train', numbers, ...other, '--force')).code).toBe(0);
  expect((await memcell('predict', out, '--start', '1', '--steps', '1')).code).toBe(0);
});

test('a page has the command line as a shell takes it', async () => {
  const page = place("it's a page.html");
  // Of other data than it was trained on.
  const others = file(folder, 'others.txt', '3 1 2 '.repeat(8));
  expect((await memcell('report', place('symbols'), others, '--out', page)).code).toBe(0);
  const { document } = parseHTML(readFileSync(page, 'utf8'));
  const facts = (tag: string) => Array.from(document.querySelectorAll(`#model ${tag}`), (one) => one.textContent);
  const told = Object.fromEntries(facts('dt').map((name, i) => [name, facts('dd')[i]]));
  const written = `'${folder}/it'\\''s a page.html'`;
  expect(told['made by']).toBe(`memcell report ${place('symbols')} ${others} --out ${written}`);
  expect([told.data, document.title]).toEqual([others, 'A model of a sequence, others.txt']);
});

test('the gates on a page of forecasts are of the end of the training data, whatever it is scored on', async () => {
  const more = file(folder, 'more.csv', seriesCsv(60));
  const gates = async (...given: string[]) => {
    const page = place('gates-of.html');
    expect((await memcell('report', place('forecast'), ...given, '--out', page)).code).toBe(0);
    return JSON.parse(parseHTML(readFileSync(page, 'utf8')).document.querySelector('#gates-data')?.textContent ?? '');
  };
  const usual = await gates();
  expect(usual.layers).toHaveLength(1);
  expect(await gates(more)).toEqual(usual);
});

test('--sql chooses what is tested, searched and drawn, too', async () => {
  const query = ['--sql', 'select * from data where b < 3'];
  const chosen = Array.from({ length: 20 }, (_, i) => (i * i) % 5).filter((b) => b < 3).length;
  const json = async (...argv: string[]) => {
    const { code, out } = await memcell(...argv, ...query, '--json');
    expect(code).toBe(0);
    return JSON.parse(out);
  };
  const given = [classes, '--classify', 'kind', '--layers', 'Dense(2, softmax)', '--epochs', '1'];
  const tested = await json('backtest', ...given, '--folds', '2');
  expect([tested.evaluation.samples, tested.folds]).toEqual([chosen, 2]);
  const searched = await json('tune', ...given, '--trials', '1');
  expect(searched.understood.rows).toBe(chosen);
  const drawn = await json('plot', classes, '--out', place('sql.svg'));
  expect(drawn.understood.rows).toBe(chosen);
});

test('what is predicted is written to a file and drawn, and a page of it has all of it', async () => {
  const [table, page] = [place('answers.csv'), place('answers.html')];
  const { code, out, err } = await memcell(
    'predict',
    place('classify'),
    classes,
    '--out',
    table,
    '--report',
    page,
    '--plot',
  );
  expect([code, err]).toEqual([0, `20 rows written to ${table}\nthe report is in ${page}\n`]);
  const piped = await memcell('predict', place('classify'), classes, '--out', '-');
  const written = readFileSync(table, 'utf8');
  expect(written).toBe(piped.out);
  const [, ...rows] = written
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));
  const { document } = parseHTML(readFileSync(page, 'utf8'));
  const shown = Array.from(document.querySelectorAll('#predicted tbody tr'), ({ children }) =>
    [children[0], children[1]].map((cell) => cell.textContent),
  );
  expect(shown).toEqual(rows.map(([row, answer]) => [row, answer]));
  const count = (name: string) => rows.filter(([, answer]) => answer === name).length;
  const bars = out
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/ +/));
  expect(bars.map(([name, , told]) => [name, Number(told)])).toEqual(
    ['u', 'v']
      .filter((name) => count(name) > 0)
      .sort((a, b) => count(b) - count(a))
      .map((name) => [name, count(name)]),
  );
});

test('where what comes next cannot be told, a picture is drawn without it and says why', async () => {
  const rows = Array.from({ length: 40 }, (_, i) => `${i % 7},${(i * 3) % 5}\n`).join('');
  const table = file(folder, 'known.csv', `y,ahead\n${rows}`);
  const model = place('known');
  const given = ['--forecast', 'y', '--known', 'ahead', '--window', '3', '--epochs', '1'];
  expect((await memcell('train', table, ...given, '--out', model)).code).toBe(0);
  const { code, out, err } = await memcell('evaluate', model, table, '--plot');
  expect([code, err]).toEqual([
    0,
    expect.stringMatching(/^warning: what comes next is not drawn: .*needs ahead of the rows to come: .*\n$/),
  ]);
  expect(out).toContain('forecast before it happened');
  expect(out).not.toContain('what comes next');
  // As many steps and as wide intervals as were asked for, in the table, the picture and the page.
  const future = file(folder, 'ahead.csv', 'ahead\n1\n2\n0\n4\n3\n');
  const page = place('known.html');
  const asked = ['--future', future, '--steps', '5', '--interval', '50'];
  const drawn = await memcell('predict', model, ...asked, '--plot', '--report', page);
  expect([drawn.code, drawn.err]).toEqual([0, `the report is in ${page}\n`]);
  const lines = drawn.out.split('\n').slice(0, 6);
  expect(lines.map((line) => line.trim().split(/ {2,}/))).toEqual([
    ['step', 'y', '50 % low', '50 % high'],
    ...Array.from({ length: 5 }, (_, i) => [String(i + 1), ...Array(3).fill(expect.stringMatching(/^-?[\d.]+$/))]),
  ]);
  expect(drawn.out).toContain('  ── what happened   ╌╌ what comes next   ░░ 50 %\n');
  const { document } = parseHTML(readFileSync(page, 'utf8'));
  const tips: string[] = JSON.parse(document.querySelector('#forecasts figure')?.getAttribute('data-tips') ?? '').text;
  const told = ([, y, low, high]: string[], i: number) => `row ${41 + i}\nforecast ${y}\n50 %: ${low} to ${high}`;
  expect(tips.slice(-5)).toEqual(lines.slice(1).map((line, i) => told(line.trim().split(/ {2,}/), i)));
});

test('of a loss that stops being a number after some epochs, the weights before it are saved, and it is an error', async () => {
  const out = place('diverged');
  const layers = [
    '--layers',
    'Flatten(), Dense(1)',
    '--optimizer',
    'sgd',
    '--learning-rate',
    '5',
    '--batch-size',
    '64',
  ];
  const given = ['train', series, '--forecast', 'value', '--window', '3', '--plain', '--epochs', '500', ...layers];
  const { code, out: printed, err } = await memcell(...given, '--out', out, '--json');
  expect(code).toBe(1);
  const { ended, epochs, history } = JSON.parse(printed);
  expect([ended, history.loss.length]).toEqual(['diverged', epochs]);
  expect(epochs).toBeGreaterThan(1);
  expect(err).toMatch(
    new RegExp(
      `\nmemcell: val_loss is Infinity after epoch ${epochs + 1}; .*; the weights before it are saved in ${out}\n$`,
    ),
  );
  expect((await memcell('predict', out)).code).toBe(0);
});

test.each<[number, number, string | undefined]>([
  [40, 12, undefined],
  [41, 13, '… 1 more sample, 1 more number of each; --out FILE or --json gives all'],
  [43, 15, '… 3 more samples, 3 more numbers of each; --out FILE or --json gives all'],
  [40, 13, '… 1 more number of each; --out FILE or --json gives all'],
])('of %d samples of %d numbers, what is not shown is counted', async (samples, numbers, end) => {
  const model = new Sequential([Dense(numbers, { inputShape: [2] })], { seed: 1 });
  await model.save(place(`of${numbers}`));
  model.dispose();
  const rows = Array.from({ length: samples }, (_, i) => `${i},1`).join('\n');
  const { out, err } = await memcell('predict', place(`of${numbers}`), file(folder, 'rows.csv', `a,b\n${rows}\n`));
  expect(err).toBe('');
  const last = out.trimEnd().split('\n').at(-1);
  expect(end === undefined ? last?.startsWith('…') : last).toBe(end ?? false);
});

describe('a table drawn in characters', () => {
  const paper = { width: 60, colours: false };
  const numbers = (name: string, gaps: { from: number; to: number }[] = []) => ({
    name,
    kind: 'numbers',
    line: { x: [0, 1, 2], y: [1, 2, 3] },
    gaps,
    cycles: [],
  });
  const titles = (series: object[]) =>
    lookText({ axis: { kind: 'number' }, series } as Any, paper)
      .split('\n')
      .filter((line) => /^\S/.test(line) && !line.includes('┤'));
  const columns = (count: number) => Array.from({ length: count }, (_, i) => numbers(`c${i}`));

  const names = (others: number) => ({
    name: 'shop',
    kind: 'names',
    counts: Array.from({ length: 9 }, (_, i) => ({ value: `n${i}`, count: 20 - i })),
    others,
  });
  const cycle = (name: string) => ({
    ...numbers('a'),
    cycles: [{ name, places: ['p', 'q', 'r'].map((of) => ({ place: of, mean: 1 })) }],
  });

  test.each<[string, object[], string[]]>([
    [
      'gaps',
      [
        {
          name: '',
          columns: [
            numbers('a', [{ from: 0, to: 1 }]),
            numbers('b', [
              { from: 0, to: 1 },
              { from: 1, to: 2 },
            ]),
          ],
        },
      ],
      ['a, 1 gap', 'b, 2 gaps'],
    ],
    [
      'a column more',
      [{ name: '', columns: columns(5) }],
      ['c0', 'c1', 'c2', 'c3', '1 more column; --out FILE draws them, and distributions and correlations'],
    ],
    [
      'series and columns more',
      Array.from({ length: 5 }, (_, i) => ({ name: `s${i}`, columns: columns(7) })),
      [
        ...[0, 1, 2].flatMap((s) => [0, 1, 2, 3].map((c) => `s${s}: c${c}`)),
        '2 more series and 3 more columns; --out FILE draws them, and distributions and correlations',
      ],
    ],
    ['a cycle of rows', [{ name: '', columns: [cycle('row')] }], ['a', 'a: mean by row of the season']],
    ['a cycle of the calendar', [{ name: '', columns: [cycle('weekday')] }], ['a', 'a: mean by weekday']],
    ['names', [{ name: '', columns: [names(3)] }], ['shop']],
  ])('%s', (_, series, lines) => {
    expect(titles(series)).toEqual(lines);
  });
});

test('bars of names end with all others together', () => {
  const columns = [
    {
      name: 'shop',
      kind: 'names',
      others: 3,
      counts: Array.from({ length: 9 }, (_, i) => ({ value: `n${i}`, count: 20 - i })),
    },
  ];
  const text = lookText({ axis: 'row', series: [{ name: '', columns }] } as Any, { width: 60, colours: false });
  expect(text.trimEnd().split('\n').at(-1)).toMatch(/^ {2}all others █+ 15$/);
});

test('what is none of the expected errors is told as a bug, with its causes when asked', async () => {
  const broken = (...argv: string[]) => {
    let err = '';
    const stderr = {
      write: (text: string) => {
        err += text;
      },
    };
    const write = () => {
      throw new Error('no\n  paper', { cause: new Error('no wood') });
    };
    return run(argv, { stdout: { write }, stderr }).then((code) => [
      code,
      err.split('\n').filter((line) => !/^ +at /.test(line)),
    ]);
  };
  expect(await broken('summary', 'Dense(1, input_shape=[2])')).toEqual([
    1,
    ['memcell: this is a bug in memcell: no paper', 'memcell: --debug shows where', ''],
  ]);
  expect(await broken('summary', 'Dense(1, input_shape=[2])', '--debug')).toEqual([
    1,
    ['memcell: this is a bug in memcell: no paper', 'Error: no', '  paper', 'caused by Error: no wood', ''],
  ]);
});

describe('the page of a training', () => {
  let server: Awaited<ReturnType<typeof serveLive>>;
  let token = '';
  let stops = 0;
  beforeAll(async () => {
    server = await serveLive(
      { host: '127.0.0.1', port: 0 },
      {
        page: (own) => {
          token = own;
          return '<p>training</p>';
        },
        scripts: ['a', 'b'],
        onOpened: () => {},
        onStop: () => void stops++,
      },
    );
  });
  afterAll(() => server.end('ended', {}));

  const ask = (path: string, method: string, headers: Record<string, string> = {}) =>
    new Promise<[number | undefined, string, string | undefined]>((resolve, reject) => {
      const sent = request(new URL(path, server.url), { method, headers }, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve([response.statusCode, text, response.headers['content-type']]));
      });
      sent.on('error', reject);
      sent.end();
    });

  test('says to each request why it is refused, and stops for its own page alone', async () => {
    const plain = 'text/plain; charset=utf-8';
    expect(await ask('/', 'GET')).toEqual([200, '<p>training</p>', 'text/html; charset=utf-8']);
    for (const [path, method, headers, status, text] of [
      ['/', 'GET', { host: 'evil.example' }, 403, 'this server has another name\n'],
      ['/stop', 'POST', { origin: 'http://evil.example' }, 403, 'another site may not ask for this\n'],
      ['/other', 'GET', {}, 404, 'nothing is here\n'],
      ['/stop', 'GET', {}, 405, 'POST stops the training\n'],
      ['/stop', 'POST', {}, 403, 'the token is not that of the page: load the page anew\n'],
      [
        '/stop',
        'POST',
        { 'x-memcell-token': 'x'.repeat(32) },
        403,
        'the token is not that of the page: load the page anew\n',
      ],
    ] as const)
      expect(await ask(path, method, headers)).toEqual([status, text, plain]);
    expect(stops).toBe(0);
    expect(await ask('/stop', 'POST', { 'x-memcell-token': token })).toEqual([202, 'stopping\n', plain]);
    expect(stops).toBe(1);
  });
});
