/** memcell plot, and what --plot draws in a terminal. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import stringWidth from 'string-width';
import { run } from '../../src/cli/main.js';
import { barsText } from '../../src/cli/terminal/bars.js';
import { chartText } from '../../src/cli/terminal/chart.js';
import { paperOf } from '../../src/cli/terminal/paper.js';
import { scoresText } from '../../src/cli/terminal/pictures.js';
import { formatTable } from '../../src/format.js';
import type { Evaluation } from '../../src/report/input.js';
import { plotOptions } from '../../src/report/look/options.js';
import { file, memcell, temporaryFolder } from './streams.js';

const folder = temporaryFolder();
const at = (name: string) => join(folder, name);
const day = (i: number) => new Date(Date.UTC(2021, 0, 1 + i)).toISOString().slice(0, 10);
const table = (name: string, head: string, n: number, row: (i: number) => (string | number)[]) =>
  file(folder, name, `${head}\n${Array.from({ length: n }, (_, i) => row(i).join(';')).join('\n')}\n`);
const wave = (i: number) => (50 + 10 * Math.sin(i / 2) + ((i * 7) % 5)).toFixed(2);

const series = table('series.csv', 'date;value;other', 90, (i) => [day(i), i === 40 ? '' : wave(i), (i * 5) % 11]);
const rows = table('rows.csv', 'a;b;kind', 80, (i) => [i % 7, (i * 5) % 11, i % 7 > 3 ? 'up' : 'down']);
const paper = { width: 60, colours: false };

describe('memcell plot', () => {
  const own: Record<string, { data: string; given: string[]; instead?: string[] }> = {
    columns: { data: series, given: ['other'] },
    drop: { data: series, given: ['--drop', 'other'] },
    time: {
      data: table('times.csv', 'made;sent;value', 60, (i) => [day(i), day((i * 7) % 60), wave(i)]),
      given: ['--time', 'sent'],
      instead: ['--time', 'made'],
    },
    group: {
      data: table('stores.csv', 'store;value', 80, (i) => [
        i % 2 ? 'north' : 'south',
        (i % 2 ? 100 : 0) + Number(wave(i)),
      ]),
      given: ['--group', 'store'],
    },
    every: { data: series, given: ['--every', '3d'] },
    missing: { data: series, given: ['--missing', '5'] },
    decimal: {
      data: table('decimals.csv', 'date;other', 60, (i) => [day(i), `${1 + (i % 9)},${100 + ((i * 7) % 900)}`]),
      given: ['--decimal', ','],
      instead: ['--decimal', '.'],
    },
    dates: {
      data: table('dates.csv', 'date;value', 60, (i) => [
        `${String((i % 12) + 1).padStart(2, '0')}/01/${2001 + Math.floor(i / 12)}`,
        wave(i),
      ]),
      given: ['--dates', 'day'],
      instead: ['--dates', 'month'],
    },
    mostRows: {
      data: table('long.csv', 'date;value;other', 900, (i) => [day(i), wave(i), (i * 5) % 11]),
      given: ['--most-rows', '40'],
    },
  };

  test('each option has a case', () => {
    expect(Object.keys(own)).toEqual(Object.keys(plotOptions));
  });

  test.each(Object.entries(own))('%s changes what is drawn', async (_, { data, given, instead = [] }) => {
    const draw = async (options: string[]) => {
      const { out } = await memcell('plot', data, ...options, '--out', at('case.svg'), '--json');
      const look = JSON.parse(out);
      expect(look).not.toHaveProperty('error');
      return look;
    };
    expect(await draw(given)).not.toEqual(await draw(instead));
  });

  test('writes the page, or the figures as SVG, says what was understood, and gives the numbers', async () => {
    const { code, out } = await memcell('plot', series, 'value', '--out', at('value.html'));
    expect(code).toBe(0);
    expect(out).toMatch(/^data .*90 rows\ntime .*\nfeature {3}value: number, 1 missing\nleft out {2}other: .*\n/);
    expect(out).toContain(`the figures are in ${at('value.html')}\n`);
    const json = await memcell('plot', series, 'value', '--out', at('value.svg'), '--json');
    const { data, out: written, ...look } = JSON.parse(json.out);
    expect([data, written]).toEqual([series, at('value.svg')]);
    const page = readFileSync(at('value.html'), 'utf8');
    const [, held] = /<script type="application\/json" id="look">(.*?)<\/script>/s.exec(page) ?? [];
    expect(JSON.parse(held)).toEqual(look);
    expect(readFileSync(at('value.svg'), 'utf8')).toMatch(/^<svg .*<\/svg>\n$/s);
    expect((await memcell('plot', series, 'value', '--out', at('LARGE.SVG'))).code).toBe(0);
    expect(readFileSync(at('LARGE.SVG'), 'utf8')).toBe(readFileSync(at('value.svg'), 'utf8'));
    expect((await memcell('plot', series, 'value', '--out', at('LARGE.HTM'))).code).toBe(0);
    expect(readFileSync(at('LARGE.HTM'), 'utf8')).toBe(page);
  });

  test.each([
    [['plot', series, '--out', 'x.png'], 2, 'name a file that ends in .html or .svg'],
    [['plot', series, 'valu'], 2, 'no column valu; did you mean value?'],
    [['plot', at('none.csv')], 1, 'none.csv'],
    [['plot', series, '--out', at('nowhere/x.html')], 1, 'cannot be written (ENOENT)'],
  ])('%s is an error', async (argv, code, text) => {
    const outcome = await memcell(...argv);
    expect([outcome.code, outcome.err]).toEqual([code, expect.stringContaining(text)]);
    expect(outcome.err.split('\n')).toHaveLength(2);
  });

  test('--plot draws in the terminal and writes no file', async () => {
    const { code, out } = await memcell('plot', rows, 'a', 'kind', '--plot');
    expect(code).toBe(0);
    expect(out).toMatch(/\na\n +6 ┤/);
    expect(out).toMatch(/\n {2}down +█+.? 47\n {2}up +█+.? 33\n/);
    expect(out).not.toContain('the figures are in');
    expect(existsSync('plot.html')).toBe(false);
    for (const line of out.slice(out.indexOf('\n\n')).split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    const json = await memcell('plot', rows, '--plot', '--json');
    expect(JSON.parse(json.out)).not.toHaveProperty('out');
    const both = await memcell('plot', rows, 'a', 'kind', '--plot', '--out', at('both.svg'));
    expect(both.out).toBe(`${out}the figures are in ${at('both.svg')}\n`);
    expect(readFileSync(at('both.svg'), 'utf8')).toMatch(/^<svg /);
  });

  test('says what is not drawn, as a warning', async () => {
    const names = Array.from({ length: 14 }, (_, c) => `c${c}`);
    const wide = table('wide.csv', names.join(';'), 30, (i) => names.map((_, c) => (i * (c + 2)) % 17));
    const { code, err } = await memcell('plot', wide, '--out', at('wide.html'));
    const told = '2 of 14 columns are not drawn: c12, c13; name those to look at';
    expect([code, err]).toEqual([0, `warning: ${told}\n`]);
    expect(readFileSync(at('wide.html'), 'utf8')).toContain(`<p class="warning">${told}</p>`);
  });
});

describe('--plot', () => {
  const [model, classes, text] = ['forecast', 'classes', 'text'].map(at);
  const outputs: Record<string, string> = {};

  beforeAll(async () => {
    const verse = file(folder, 'verse.txt', 'tick tock goes the clock. '.repeat(40));
    const all: [string, string[]][] = [
      [
        'forecast',
        ['train', series, '--forecast', 'value', '--plain', '--horizon', '3', '--epochs', '4', '--out', model],
      ],
      ['classes', ['train', rows, '--classify', 'kind', '--plain', '--epochs', '2', '--out', classes]],
      ['text', ['train', verse, '--text', '--plain', '--window', '10', '--epochs', '2', '--out', text]],
    ];
    for (const [name, argv] of all) {
      const { code, out } = await memcell(...argv, '--plot');
      expect(code).toBe(0);
      outputs[name] = out;
    }
  });

  test('of train: loss, and the forecast, the classes found, the bits', () => {
    expect(outputs.forecast).toMatch(/\nloss\n {2}── training {3}╌╌ held out\n/);
    expect(outputs.forecast).toMatch(/\n +epoch 1 +epoch 4\n/);
    expect(outputs.forecast).toMatch(
      /\nvalue\n {2}── what happened {3}╌╌ forecast before it happened {3}── what comes next\n/,
    );
    expect(outputs.classes).toMatch(
      /\nright answers\n {2}the model .* %\n {2}the most frequent class .* %\n\nof each class, found\n/,
    );
    expect(outputs.text).toMatch(/\nbits a character: less is better\n {2}the model .*\n(.*\n)* {2}frequencies alone /);
    for (const out of Object.values(outputs)) {
      expect(out).not.toContain('\x1b');
      for (const line of out.split('\n').filter((one) => /[│┤└⠀-⣿█]/.test(one)))
        expect(line.length).toBeLessThanOrEqual(80);
    }
  });

  test('of predict, evaluate and backtest; --json has none', async () => {
    const predicted = await memcell('predict', model, '--plot');
    expect(predicted.out).toMatch(/\nvalue\n {2}── what happened {3}╌╌ what comes next\n/);
    const answered = await memcell('predict', classes, rows, '--plot');
    expect(answered.out).toMatch(/\nanswers\n {2}(down|up) +█/);
    const evaluated = await memcell('evaluate', model, series, '--plot');
    expect(evaluated.out).toContain('╌╌ forecast before it happened   ── what comes next');
    const tested = await memcell('backtest', rows, '--classify', 'kind', '--epochs', '1', '--folds', '2', '--plot');
    expect(tested.out).toContain('\nright answers\n');
    const folds = ['--plain', '--horizon', '3', '--epochs', '1', '--folds', '2'];
    const rolled = await memcell('backtest', series, '--forecast', 'value', ...folds, '--plot');
    // Of models that were not kept there is nothing to come.
    expect(rolled.out).toContain('\nvalue\n  ── what happened   ╌╌ forecast before it happened\n');
    const json = await memcell('predict', model, '--plot', '--json');
    expect(json.out).toBe((await memcell('predict', model, '--json')).out);
  });

  test('with symbols, or beside CSV on standard output, is refused', async () => {
    const cycle = file(folder, 'cycle.txt', '0 1 2 3 4 '.repeat(15));
    await memcell('train', cycle, '--symbols', '--plain', '--epochs', '2', '--out', at('symbols'));
    const symbols = await memcell('predict', at('symbols'), '--plot');
    expect([symbols.code, symbols.err]).toEqual([2, expect.stringContaining('--plot draws forecasts and classes')]);
    const csv = await memcell('predict', model, '--plot', '--out', '-');
    expect([csv.code, csv.err]).toEqual([2, expect.stringContaining('both write to standard output')]);
  });

  test('a terminal has its width and colours, unless NO_COLOR says none', async () => {
    let out = '';
    const stream = {
      write: (piece: string) => (out += piece),
      isTTY: true,
      columns: 100,
      on: () => {},
      once: () => {},
    };
    const before = process.env.NO_COLOR;
    try {
      delete process.env.NO_COLOR;
      expect(await run(['plot', series, 'value', '--plot'], { stdout: stream, stderr: stream })).toBe(0);
      expect(out).toContain('\x1b[36m');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
      const lines = out.replace(/\x1b\[\d+m/g, '').split('\n');
      expect(Math.max(...lines.filter((line) => line.includes('└')).map((line) => line.length))).toBe(100);
      out = '';
      process.env.NO_COLOR = '1';
      await run(['plot', series, 'value', '--plot'], { stdout: stream, stderr: stream });
      expect(out).not.toContain('\x1b');
    } finally {
      if (before === undefined) delete process.env.NO_COLOR;
      else process.env.NO_COLOR = before;
    }
  });
});

describe('charts of characters', () => {
  const place = (x: number) => `x ${x}`;

  test('a rising line goes from the lower left to the upper right', () => {
    const y = Array.from({ length: 40 }, (_, i) => i);
    const line = { name: 'y', x: y, y, colour: 'ink' as const };
    expect(
      chartText({ title: 'y', lines: [line], place, height: 5 }, { width: 30, colours: false }),
    ).toMatchInlineSnapshot(`
"y
  39 ┤                   ⢀⡠⠴⠒⠉
     │              ⢀⣠⠤⠒⠋⠁
19.5 ┤         ⢀⡠⠤⠖⠊⠁
     │    ⢀⣠⠤⠒⠋⠁
   0 ┤⣀⠤⠖⠊⠁
     └────────────────────────
      x 0                 x 39"
`);
  });

  test('values that are missing break a line; a band is shaded; nothing finite draws nothing', () => {
    const x = [0, 1, 2, 3, 4];
    const broken = { name: 'y', x, y: [1, 1, Number.NaN, 1, 1], colour: 'ink' as const };
    const drawn = chartText({ title: 'y', lines: [broken], place, height: 3 }, paper);
    expect(drawn).toMatch(/[⠀-⣿]+ +[⠀-⣿]+/);
    const whole = chartText({ title: 'y', lines: [{ ...broken, y: [1, 1, 1, 1, 1] }], place, height: 3 }, paper);
    expect(whole).not.toMatch(/[⠀-⣿] +[⠀-⣿]/);
    const alone = { ...broken, y: [Number.NaN, 1, Number.NaN, 3, Number.NaN] };
    // Between missing ones a value is a dot.
    expect(chartText({ title: 'y', lines: [alone], place, height: 3 }, paper).match(/[⠁-⣿]/g)).toHaveLength(2);
    const band = { name: '80 %', x: [3, 4], lower: [0, 0], upper: [2, 2], colour: 'blue' as const };
    expect(chartText({ title: 'y', lines: [broken], bands: [band], place }, paper)).toMatch(/░{10}/);
    expect(chartText({ title: 'y', lines: [{ ...broken, y: x.map(() => Number.NaN) }], place }, paper)).toBe('');
  });

  /** The colours of the plotting area's characters from the left, with how many have each, row by row. */
  const coloursOf = (text: string) =>
    text
      .split('\n')
      .filter((row) => /[│┤]/.test(row))
      .map((row) =>
        // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
        Array.from(row.replace(/^[^│┤]*[│┤]/, '').matchAll(/\x1b\[(\d+)m([^\x1b]*)\x1b\[39m|([^\x1b]+)/g), (run) => [
          run[1] === undefined ? 'none' : { 36: 'blue', 33: 'orange', 90: 'faint' }[run[1]],
          (run[2] ?? run[3]).length,
        ]),
      );

  test('a character that lines share has the colour of the last of them, and a line its own over a band', () => {
    const flat = (from: number, colour: 'blue' | 'orange') => ({ name: 'y', x: [from, 10], y: [1, 1], colour });
    const draw = (chart: object) =>
      coloursOf(
        chartText({ title: 'y', lines: [], place, height: 3, ...chart }, { width: 40, colours: true }).replace(
          /^y\n.*──.*\n/,
          'y\n',
        ),
      );
    // 40 characters less a label of three, a space and the axis; the second line begins in the middle.
    expect(draw({ lines: [flat(0, 'blue'), flat(5, 'orange')] })).toEqual([
      [],
      [],
      [
        ['blue', 17],
        ['orange', 18],
      ],
    ]);
    const band = { name: '80 %', x: [0, 10], lower: [1, 1], upper: [3, 3], colour: 'blue' };
    expect(draw({ lines: [flat(5, 'orange')], bands: [band] })).toEqual([
      [['blue', 37]],
      [['blue', 37]],
      [
        ['blue', 18],
        ['orange', 19],
      ],
    ]);
  });

  test('a band reaches from its lower to its upper end at each place; of one place it is one character wide', () => {
    const band = (x: number[], upper: number[]) => ({
      name: '80 %',
      x,
      lower: x.map(() => 0),
      upper,
      colour: 'blue' as const,
    });
    const shaded = (one: ReturnType<typeof band>) => {
      const line = { name: 'y', x: [0, 10], y: [10, 10], colour: 'ink' as const };
      const rows = chartText({ title: 'y', lines: [line], bands: [one], place, height: 11 }, paper)
        .split('\n')
        .filter((row) => /[│┤]/.test(row))
        .map((row) => row.replace(/^[^│┤]*[│┤]/, '').padEnd(56));
      return Array.from({ length: 56 }, (_, column) => rows.filter((row) => row[column] === '░').length);
    };
    // From nothing to half of the height: a character is a tenth of it.
    const rising = shaded(band([0, 10], [0, 5]));
    expect([rising[0], rising[28], rising[55]]).toEqual([1, 3, 6]);
    expect(rising).toEqual([...rising].sort((a, b) => a - b));
    const one = shaded(band([5], [5]));
    expect(one.flatMap((rows, column) => (rows > 0 ? [[column, rows]] : []))).toEqual([[28, 6]]);
  });

  test('dashes are three dots and as much room, and go on from point to point', () => {
    const drawn = (points: number) => {
      const x = Array.from({ length: points }, (_, i) => i / (points - 1));
      const line = { name: 'y', x, y: x.map(() => 1), colour: 'ink' as const, dashed: true };
      return chartText({ title: 'y', lines: [line], place, height: 3 }, { width: 40, colours: false }).split('\n')[3];
    };
    // Two dots are a character.
    expect(drawn(2)).toBe(`  1 ┤${'⣀⡀ '.repeat(12).slice(0, 35).trimEnd()}`);
    expect(drawn(70).match(/ +(?=[⠁-⣿])/g)?.length).toBeGreaterThan(6);
  });

  test('several lines and bands are named in a legend, one line is not; an end that has no room is left out', () => {
    const line = { name: 'made', x: [0, 1], y: [1, 2], colour: 'blue' as const };
    const band = { name: '80 %', x: [0, 1], lower: [1, 1], upper: [2, 2], colour: 'orange' as const };
    const of = (chart: object, colours = false) =>
      chartText({ title: 'y', lines: [line], place, ...chart }, { width: 60, colours }).split('\n');
    expect(of({})[1]).toMatch(/^ +2 ┤/);
    expect(of({ bands: [band] })[1]).toBe('  ── made   ░░ 80 %');
    expect(of({ lines: [line, { ...line, name: 'told', dashed: true }] })[1]).toBe('  ── made   ╌╌ told');
    expect(of({ bands: [band] }, true)[1]).toBe('  \x1b[36m──\x1b[39m made   \x1b[33m░░\x1b[39m 80 %');
    const under = (name: (x: number) => string) => of({ place: name }).at(-1)?.trimStart();
    // 60 characters less those of '1.455', a space and the axis.
    const [a, b] = ['a'.repeat(26), 'b'.repeat(26)];
    expect(under((x) => (x === 0 ? a : b))).toBe(`${a} ${b}`);
    expect(under((x) => (x === 0 ? a : `${b}b`))).toBe(a);
    expect(under(() => a)).toBe(a);
  });

  test('a loss that falls by a factor of 30 is drawn by its logarithm', () => {
    const y = Array.from({ length: 40 }, (_, i) => 10 ** (-i / 10));
    const lines = [{ name: 'loss', x: y.map((_, i) => i), y, colour: 'ink' as const }];
    const rows = chartText({ title: 'loss', lines, place, height: 5, mayBeLog: true }, paper).split('\n');
    expect(rows[0]).toBe('loss, logarithmic');
    // A line on a logarithmic scale: its middle stands at the geometric mean.
    expect(rows[3]).toMatch(/^ *0\.011\d* ┤ +[⠀-⣿]+$/);
  });

  test('bars are as long as their values, by eighths', () => {
    const bars = [
      { name: 'a', value: 1, told: '100.0 %' },
      { name: 'half', value: 0.5, told: '50.0 %' },
      { name: 'none', value: 0, told: '0.0 %' },
    ];
    expect(barsText('right', bars, { width: 40, colours: false }, 1)).toMatchInlineSnapshot(`
"right
  a    █████████████████████████ 100.0 %
  half ████████████▌ 50.0 %
  none  0.0 %"
`);
  });

  test('the end of a bar is told by eighths of a character', () => {
    const bars = Array.from({ length: 17 }, (_, value) => ({ name: 'x', value, told: '|' }));
    // 11 characters less a name, a number and what is between them: five, of which a bar of 40 would fill all.
    const rows = barsText('x', bars, { width: 11, colours: false }, 40).split('\n').slice(1);
    const part = (eighths: number) => (eighths === 0 ? '' : String.fromCodePoint(0x2590 - eighths));
    expect(rows).toEqual(bars.map(({ value }) => `  x ${'█'.repeat(Math.floor(value / 8))}${part(value % 8)} |`));
    const none = [{ name: 'x', value: 0, told: '0' }];
    expect(barsText('x', none, { width: 40, colours: true })).toBe('x\n  x  0');
  });

  test('of many classes the hardest are drawn; one that does not occur is none of them', () => {
    const classes = Array.from({ length: 30 }, (_, i) => ({
      name: `c${i}`,
      recall: i % 3 === 0 ? null : (i + 1) / 40,
    }));
    const evaluation = { kind: 'classes', accuracy: 0.5, majorityAccuracy: 0.25, classes } as unknown as Evaluation;
    const rows = scoresText(evaluation, { width: 60, colours: false }).split('\n');
    expect(rows.slice(0, 5).map((row) => row.replace(/[█▉▊▋▌▍▎▏]+ /, ''))).toEqual([
      'right answers',
      '  the model               50.0 %',
      '  the most frequent class 25.0 %',
      '',
      'of each class, found (the 20 hardest of 30)',
    ]);
    const there = classes.filter(({ recall }) => recall !== null).map(({ name }) => name);
    expect(rows.slice(5).map((row) => row.trim().split(' ')[0])).toEqual(there);
  });

  test('bars begin under each other after names of letters that are two columns wide', () => {
    const names = ['上海第一', 'Linz', '很长很长很长很长很长很长很长的名字'];
    const rows = barsText(
      'x',
      names.map((name) => ({ name, value: 1, told: '1' })),
      { width: 60, colours: false },
    ).split('\n');
    const before = rows.slice(1).map((row) => stringWidth(row.slice(0, row.indexOf('█'))));
    expect(new Set(before).size).toBe(1);
    expect(rows[3]).toMatch(/^ {2}很长很长很长很长很长很… +█/);
    expect(
      formatTable(
        ['名', 'n'],
        [
          ['上海', '1'],
          ['ab', '2'],
        ],
      ),
    ).toBe('名    n\n上海  1\nab    2');
  });

  test('what a name says to a terminal is not said', () => {
    const bars = [{ name: 'a\x1b[2Jb\nc', value: 1, told: '1' }];
    expect(barsText('x\x07', bars, { width: 40, colours: false })).toMatch(/^x \n {2}a \[2Jb c █+ 1$/);
  });

  test('the paper is the terminal, in bounds', () => {
    const stream = { write: () => {} };
    expect(paperOf(stream, {})).toEqual({ width: 80, colours: false });
    expect(paperOf({ ...stream, isTTY: true, columns: 30 }, {})).toEqual({ width: 40, colours: true });
    expect(paperOf({ ...stream, isTTY: true, columns: 500 }, { TERM: 'dumb' })).toEqual({ width: 140, colours: false });
    expect(paperOf({ ...stream, isTTY: true, columns: 90 }, { NO_COLOR: '1' })).toEqual({ width: 90, colours: false });
  });
});
