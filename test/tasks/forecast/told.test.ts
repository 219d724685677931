/** What is said of a forecast and of how it came to be: whole lines, at both sides of each limit. */
import { describe, expect, test } from '@jest/globals';
import type { Frame } from '../../../src/data/frame.js';
import type { Anchor } from '../../../src/tasks/forecast/anchor.js';
import type { Tracked } from '../../../src/tasks/forecast/channels.js';
import type { Corrections } from '../../../src/tasks/forecast/corrections.js';
import type { MethodErrors } from '../../../src/tasks/forecast/errors.js';
import type { ForecastEvaluation, TargetErrors } from '../../../src/tasks/forecast/evaluation.js';
import { type KeptRows, keptNote, noteKept } from '../../../src/tasks/forecast/newest.js';
import { stretchRemarks } from '../../../src/tasks/forecast/olderRows.js';
import { oddEnds, remarksOf } from '../../../src/tasks/forecast/remarks.js';
import type { State } from '../../../src/tasks/forecast/state.js';
import { tellForecast } from '../../../src/tasks/forecast/tell.js';
import type { Verdict } from '../../../src/tasks/forecast/verdict.js';
import { seriesOf, setOf } from './series.js';

const errors = (mae: number, mase: number | null = mae, steps = 1): MethodErrors => ({
  mae,
  rmse: 2 * mae,
  smape: 12.345,
  mase,
  steps: Array.from({ length: steps }, (_, i) => ({ step: i + 1, mae: mae + i, rmse: 1, smape: 1, mase: 1 })),
});
const target = (column: string, mae: number, more: Partial<TargetErrors> = {}): TargetErrors => ({
  column,
  ...errors(mae),
  naive: errors(3),
  drift: errors(4),
  ...more,
});
const verdict: Verdict = { than: 'naive', ratio: 0.5, better: true, text: '50 % better' };
const evaluation = (targets: TargetErrors[], more: Partial<ForecastEvaluation> = {}): ForecastEvaluation => ({
  kind: 'forecast',
  samples: 8,
  horizon: 1,
  season: 1,
  targets,
  verdict,
  trainedOn: false,
  notes: [],
  ...more,
});

describe('an evaluation', () => {
  test('each way beside the others, with intervals where there are any', () => {
    const coverage = [
      { probability: 0.8, share: 0.75 },
      { probability: 0.975, share: 1 },
    ];
    const own = target('y', 1.5, {
      smoothing: { ...errors(2), coverage },
      seasonalNaive: errors(2.5, null),
      coverage,
    });
    const { headline } = tellForecast(evaluation([own], { horizon: 3, season: 7, notes: ['a note'] }), ', held out');
    expect(headline).toEqual([
      [
        '8 forecasts of 3 steps, held out      MAE  RMSE   sMAPE   MASE  in 80 %  in 97.5 %',
        'y                                   1.500     3  12.3 %  1.500   75.0 %    100.0 %',
        '  exponential smoothing alone           2     4  12.3 %      2   75.0 %    100.0 %',
        '  naive (the last value)                3     6  12.3 %      3',
        '  seasonal naive (7 rows before)    2.500     5  12.3 %      –',
        '  drift (from first to last value)      4     8  12.3 %      4',
      ].join('\n'),
      '50 % better',
      'network and ridge regression: 25 % better than exponential smoothing alone',
      'a note',
    ]);
  });

  test('an error of nothing is 0, and no dash, as of a guess that is exact', () => {
    const own = target('y', 0, { smoothing: errors(0.5, null), naive: errors(0), drift: errors(1, 0) });
    const { headline } = tellForecast(evaluation([own]), '');
    expect(headline[0].split('\n').map((line) => line.trim().split(/ {2,}/))).toEqual([
      ['8 forecasts', 'MAE', 'RMSE', 'sMAPE', 'MASE'],
      ['y', '0', '0', '12.3 %', '0'],
      ['exponential smoothing alone', '0.5000', '1', '12.3 %', '–'],
      ['naive (the last value)', '0', '0', '12.3 %', '0'],
      ['drift (from first to last value)', '1', '2', '12.3 %', '0'],
    ]);
  });

  test.each<[string, TargetErrors[], Partial<ForecastEvaluation>, string[]]>([
    ['several columns', [target('y', 1), target('z', 1)], {}, ['50 % better, over all columns']],
    ['rows it was trained on', [target('y', 1)], { trainedOn: true }, ['50 % better (on rows it was trained on)']],
    ['smoothing that is as good', [target('y', 1, { smoothing: errors(1.004) })], {}, ['50 % better']],
    [
      'smoothing that is better, in the geometric mean of the columns',
      [target('y', 4, { smoothing: errors(1) }), target('z', 1), target('x', 2, { smoothing: errors(0) })],
      {},
      ['50 % better, over all columns', 'network and ridge regression: 59 % worse than exponential smoothing alone'],
    ],
    [
      'a model without errors',
      [target('y', 0, { smoothing: errors(1) })],
      {},
      ['50 % better', 'network and ridge regression: 100 % better than exponential smoothing alone'],
    ],
    [
      'no scale',
      [target('y', 1, { mase: null }), target('z', 1), target('x', 1, { mase: null })],
      {},
      [
        '50 % better, over all columns',
        'no MASE of y, x: on the rows trained on it never changes, so that there is no error to divide by',
      ],
    ],
    [
      'no scale of a season',
      [target('y', 1, { mase: null })],
      { season: 12 },
      [
        '50 % better',
        'no MASE of y: on the rows trained on it repeats its last 12 rows exactly, so that there is no error to divide by',
      ],
    ],
  ])('%s', (_, targets, more, lines) => {
    expect(tellForecast(evaluation(targets, more), '').headline.slice(1)).toEqual(lines);
  });

  test('intervals that are too narrow are told from 8 forecasts on', () => {
    const of = (share: number, samples: number, probability = 0.8, other?: TargetErrors) => {
      const own = target('y', 1, {
        coverage: [
          { probability: 0.5, share: 0 },
          { probability, share },
        ],
      });
      return tellForecast(evaluation(other ? [own, other] : [own], { samples }), '').headline.slice(2);
    };
    expect(of(0.6, 8)).toEqual([]);
    expect(of(0.599, 7)).toEqual([]);
    expect(of(0.1, 8, 0.9)).toEqual([]);
    expect(of(0.599, 8)).toEqual(['the 80 % intervals held only 59.9 % of the values here: they are too narrow']);
    expect(of(0, 8, 0.8, target('z', 1))).toEqual([
      'the 80 % intervals of y held only 0.0 % of the values here: they are too narrow',
    ]);
  });

  const rowsOf = (table: string) => table.split('\n').map((line) => line.split(/ {2,}/));

  test('steps, up to twelve of them evenly spread', () => {
    const stepped = (steps: number, columns = ['y']) => {
      const targets = columns.map((name) => target(name, 1, { ...errors(1, 1, steps), naive: errors(3, 3, steps) }));
      return tellForecast(evaluation(targets, { horizon: steps }), '').details;
    };
    expect(stepped(1)).toEqual([]);
    expect(rowsOf(stepped(2)[1])).toEqual([
      ['mean absolute error', 'model', 'naive', 'seasonal'],
      ['step 1', '1', '3'],
      ['step 2', '2', '4'],
    ]);
    const named = (details: string[]) =>
      rowsOf(details[1])
        .slice(1)
        .map(([name]) => name);
    expect(named(stepped(12))).toEqual(Array.from({ length: 12 }, (_, i) => `step ${i + 1}`));
    expect(named(stepped(23))).toEqual(Array.from({ length: 12 }, (_, i) => `step ${2 * i + 1}`));
    expect(named(stepped(2, ['y', 'z']))).toEqual(['y, step 1', 'y, step 2', 'z, step 1', 'z, step 2']);
  });

  test('folds in their order, series by how good they are, the twelve at the ends where there are more', () => {
    const of = (mae: number) => [{ column: 'y', mae, rmse: 1, smape: 1, mase: 1 }];
    const [, folds] = tellForecast(
      evaluation([target('y', 1)], {
        folds: [
          { samples: 4, from: '2020-01', targets: of(1), verdict },
          { samples: 3, targets: of(2.5), verdict: { ...verdict, better: false, than: 'drift' } },
          { samples: 2, targets: of(7), verdict: { ...verdict, ratio: 0.996 } },
        ],
      }),
      '',
    ).details;
    expect(rowsOf(folds)).toEqual([
      ['fold', 'forecasts', 'MAE y', 'verdict'],
      ['fold 1, from 2020-01', '4', '1', '50 % better than naive'],
      ['fold 2', '3', '2.500', 'no better than drift'],
      ['fold 3', '2', '7', '1 % better than naive'],
    ]);
    const panel = (count: number) =>
      tellForecast(
        evaluation([target('y', 1)], {
          series: Array.from({ length: count }, (_, i) => ({
            name: `s${i}`,
            samples: i,
            targets: of(i),
            verdict: { ...verdict, ratio: i === 3 ? null : (i + 1) / 20, better: i < 5 },
          })),
        }),
        '',
      ).details;
    const names = (details: string[]) =>
      rowsOf(details[2])
        .slice(1)
        .map(([name]) => name);
    expect(panel(12)[1]).toBe('better than the best simple guess on 5 of 12 series:');
    // One without a ratio counts as one that is as good as the guess.
    expect(names(panel(12))).toEqual(['s3', 's11', 's10', 's9', 's8', 's7', 's6', 's5', 's4', 's2', 's1', 's0']);
    expect(panel(14)[1]).toBe('better than the best simple guess on 5 of 14 series; the 6 worst and best:');
    expect(names(panel(14))).toEqual(['s3', 's13', 's12', 's11', 's10', 's9', 's6', 's5', 's4', 's2', 's1', 's0']);
    expect(panel(1)[1]).toBe('better than the best simple guess on 1 of 1 series:');
  });
});

describe('how a model came to be', () => {
  const anchor: Anchor = {
    kind: 'smoothing',
    log: false,
    least: 0,
    trend: 'none',
    period: 1,
    alpha: 0.5,
    beta: 0.1,
    gamma: 0,
    phi: 1,
    start: { level: 0, slope: 0, seasons: [] },
  };
  const said = (
    anchors: Partial<Anchor>[],
    {
      gates = [{ network: 0.5, ridge: 0.25 }],
      usesColumns = true,
      rows = 30,
      others = [],
      folded = true,
      windows = 9,
      effects = [] as number[],
      floor = false,
      series = 1,
      ...columns
    }: Partial<Corrections> & {
      rows?: number;
      others?: number[];
      folded?: boolean;
      windows?: number;
      effects?: number[];
      floor?: boolean;
      series?: number;
      past?: string[];
      known?: string[];
    } = {},
  ) => {
    const targets = anchors.map((own) => ({ anchor: { ...anchor, ...own }, effects, floor }));
    const one = seriesOf({ targets: anchors.map(() => [1]) });
    const set = {
      ...setOf({ targets: anchors.map(() => [1]) }),
      series: [rows, ...others].map((n) => ({ ...one, rows: n })),
      ...columns,
    };
    const state = { series: Array.from({ length: series }, () => ({ targets })) } as unknown as State;
    const corrections = { gates, usesColumns, remarks: ['a remark'] } as unknown as Corrections;
    return remarksOf(set, state, corrections, { folded, windows, available: 9 });
  };
  const smoothing = 'the forecast starts from exponential smoothing';
  const added = "added to it: 50 % of the network's correction, 25 % of the linear one";

  test.each<[Partial<Anchor>, string]>([
    [{}, smoothing],
    [{ log: true, trend: 'damped', period: 12 }, `${smoothing} of the logarithm: damped trend, season of 12 rows`],
    [{ trend: 'additive' }, `${smoothing}: additive trend`],
    [{ period: 7 }, `${smoothing}: season of 7 rows`],
    [
      { trend: 'additive', alpha: 1, beta: 0 },
      'the forecast starts from the last value, and a steady change from row to row',
    ],
    [{ kind: 'naive' }, 'the forecast starts from the last value'],
    [{ kind: 'naive', period: 12 }, 'the forecast starts from the value of 12 rows before'],
  ])('%j: %s', (own, line) => {
    expect(said([own])).toEqual([line, added, 'a remark']);
  });

  test('of several targets each, of several series none', () => {
    const gates = [
      { network: 1, ridge: 0 },
      { network: 0, ridge: 0.5 },
      { network: 0.5, ridge: 0 },
      { network: 0, ridge: 0.25 },
    ];
    expect(said([{}, { kind: 'naive' }], { gates })).toEqual([
      'the forecasts start from y0: exponential smoothing; y1: the last value',
      "added to it: y0: 75 % of the network's correction, 0 % of the linear one; y1: 0 % of the network's correction, 38 % of the linear one",
      'a remark',
    ]);
    expect(said([{}], { series: 2 })).toEqual([added, 'a remark']);
  });

  test.each<[string, Parameters<typeof said>[1], string[]]>([
    [
      'long series',
      { rows: 20_001 },
      ['exponential smoothing is fitted on the newest 20000 of 20001 rows', added, 'a remark'],
    ],
    [
      'the longest of several',
      { rows: 20_000, others: [30_000, 10] },
      ['exponential smoothing is fitted on the newest 20000 of 30000 rows', added, 'a remark'],
    ],
    ['series that are long enough', { rows: 20_000 }, [added, 'a remark']],
    [
      'windows left out',
      { windows: 8 },
      ['corrections are learnt from 8 of 9 windows, evenly spread', added, 'a remark'],
    ],
    ['too few rows', { folded: false }, ['too few rows for a network: exponential smoothing alone', 'a remark']],
    [
      'closed gates',
      { gates: [{ network: 0.0049, ridge: 0 }] },
      ['network and ridge regression add nothing to it here', 'a remark'],
    ],
    [
      'gates that are nearly closed',
      { gates: [{ network: 0, ridge: 0.005 }] },
      ["added to it: 0 % of the network's correction, 1 % of the linear one", 'a remark'],
    ],
    ['columns that are used', { past: ['p'], effects: [0] }, [added, 'a remark']],
    ['columns that move it', { known: ['k'], usesColumns: false, effects: [0, 0.1] }, [added, 'a remark']],
    ['columns that lower it', { known: ['k'], usesColumns: false, effects: [-0.1, 0] }, [added, 'a remark']],
    [
      'columns that do nothing',
      { past: ['p'], known: ['k', 'l', 'm', 'n'], usesColumns: false, effects: [0] },
      [added, 'a remark', 'other columns (p, k, l, m, n) add nothing to the forecast'],
    ],
    [
      'many of them',
      { past: ['p', 'q'], known: ['k', 'l', 'm', 'n'], usesColumns: false },
      [added, 'a remark', 'other columns (p, q, k, l, m, …) add nothing to the forecast'],
    ],
    ['no columns', { usesColumns: false }, [added, 'a remark']],
    ['values from 0 on', { floor: true }, [added, 'a remark', 'no value is below 0, so no forecast is']],
  ])('%s', (_, how, lines) => {
    expect(said([{}], how).slice(1)).toEqual(lines);
  });

  test('last values unlike anything before', () => {
    const track = (last: number, rows = 26) => ({
      track: {
        errors: Float64Array.from({ length: rows }, (_, t) => (t === rows - 1 ? last : t < 12 ? 90 : (-1) ** t)),
      },
    });
    const of = (names: string[], lasts: number[], rows = 26) => {
      const series = names.map((name) => seriesOf({ targets: [Array.from({ length: rows }, (_, t) => t)] }, name));
      const tracked = lasts.map((last) => ({ targets: [track(last, rows)] })) as unknown as Tracked[];
      return oddEnds({ ...setOf({ targets: [[1]] }), series }, tracked);
    };
    const unlike =
      'unlike anything before, and the forecast goes on from it (leave the row out if it is wrong): the last';
    expect(of([''], [4])).toEqual([]);
    expect(of([''], [-4.01])).toEqual([`${unlike} y0: 25`]);
    // Twelve errors are needed beside the first ones and the last.
    expect(of([''], [9], 24)).toEqual([]);
    expect(of([''], [9], 25)).toEqual([`${unlike} y0: 24`]);
    expect(of(['a', 'b', 'c'], [9, 1, 9])).toEqual([`${unlike} y0 of a: 25, y0 of c: 25`]);
    const two = setOf({ targets: [Array.from({ length: 26 }, (_, t) => t), Array.from({ length: 26 }, (_, t) => -t)] });
    const both = (...lasts: number[]) =>
      oddEnds(two, [{ targets: lasts.map((last) => track(last)) }] as unknown as Tracked[]);
    expect(both(1, 9)).toEqual([`${unlike} y1: -25`]);
    expect(both(9, 9)).toEqual([`${unlike} y0: 25, y1: -25`]);
    expect(of(['a', 'b', 'c', 'd', 'e'], [9, 9, 9, 9, 9])).toEqual([
      `${unlike} y0 of a: 25, y0 of b: 25, y0 of c: 25 and 2 more`,
    ]);
  });

  test('older rows of long tables', () => {
    const set = { ...setOf({ targets: [[1]] }), older: [seriesOf({ targets: [[1]] })] };
    expect(stretchRemarks(setOf({ targets: [[1]] }), 5, 2)).toEqual([]);
    expect(stretchRemarks(set, 0, 0)).toEqual([
      'the stretches of older rows are too short for windows: nothing is learnt from them',
    ]);
    expect(stretchRemarks(set, 1, 2)).toEqual(['1 window of these is of older rows, from 2 stretches drawn from all']);
    const older = { table: { rows: 1200 }, column: 's', count: 12 } as unknown as Parameters<typeof keptNote>[2];
    expect(keptNote(1_234_567, 5000, older)).toBe(
      'read as a stream: of 1,234,567 rows the newest 5,000 are used, and 1,200 older ones in 12 stretches drawn from all',
    );
  });

  test('rows and series of long tables that are left out', () => {
    const frame = (series?: { count: number }) =>
      ({ account: { read: 100, notes: ['a note'], ...(series && { series }) } }) as unknown as Frame;
    const kept = (of: number | undefined, series?: number, count?: number) => {
      const rows = { of, ...(series !== undefined && { series }) } as unknown as KeptRows;
      const { read, notes } = noteKept(frame(count === undefined ? undefined : { count }), rows).account;
      return [read, ...notes];
    };
    const used = 'read as a stream: of 500 rows the newest 100 are used';
    expect(kept(undefined, 5, 2)).toEqual([100, 'a note']);
    expect(kept(500)).toEqual([500, used, 'a note']);
    expect(kept(500, 5, 5)).toEqual([500, used, 'a note']);
    expect(kept(500, 5)).toEqual([500, used, 'a note']);
    expect(kept(500, 5, 2)).toEqual([500, used, '3 of 5 series have no row among the newest: left out', 'a note']);
  });
});
