import type { Frame } from '../../data/frame.js';
import type { Source } from '../../data/source.js';
import type { Table } from '../../data/table.js';
import { accountNotes } from '../../data/understanding/account.js';
import { understand } from '../../data/understanding/understand.js';
import { MemcellError } from '../../errors.js';
import { counted } from '../../format.js';
import type { ForecastArtefact } from './artefact.js';
import type { Series } from './forecaster.js';
import { type Continued, continued, type KeptSeries } from './kept.js';
import { newestRows, noteKept } from './newest.js';
import type { SeriesColumns, Widths } from './seriesSet.js';
import { seriesSet } from './seriesSet.js';
import { parseState } from './state.js';

/** The columns and channels that a model works on. */
export function modelColumns(artefact: ForecastArtefact): { columns: SeriesColumns; widths: Widths } {
  const { targets } = artefact;
  const recipe = artefact.method === 'recipe';
  const columns = {
    targets,
    past: recipe ? artefact.past : artefact.features,
    known: recipe ? artefact.known : [],
  };
  const channels = recipe ? artefact.channels : { past: artefact.channels, known: [] };
  return {
    columns,
    widths: { targets: targets.length, past: channels.past.length, known: channels.known.length },
  };
}

/** New data, read as the training data was, after what the model keeps of it. */
export interface ReadSeries {
  frame: Frame;
  series: (Continued & { kept: KeptSeries })[];
  notes: string[];
  /** The data, where all of its rows were held. */
  table?: Table;
}

/**
 * @throws MemcellError when the data lacks a column, is of another step, or has none of the model's series.
 */
export async function readSeries(artefact: ForecastArtefact, source: Source): Promise<ReadSeries> {
  const { time, group } = artefact.reading;
  const rows = await newestRows(source, () => time, group && { group });
  const frame = noteKept(understand(rows.table, { like: artefact.reading }), rows);
  const { columns, widths } = modelColumns(artefact);
  const set = seriesSet(frame, columns);
  const known = new Map(artefact.series.map((one) => [one.name, one]));
  const strangers = set.series.filter(({ name }) => !known.has(name)).map(({ name }) => name);
  if (strangers.length === set.series.length) {
    throw new MemcellError(
      `${frame.name}: has none of the ${counted(known.size, 'series', 'series')} that the model was trained on (${some([...known.keys()])}), but ${some(strangers)}; train on them`,
    );
  }
  const notes = accountNotes(frame.account);
  if (strangers.length > 0) {
    notes.push(
      `${counted(strangers.length, 'series', 'series')} left out, which the model was not trained on: ${some(strangers)}`,
    );
  }
  return {
    frame,
    series: set.series.flatMap((series) => {
      const kept = known.get(series.name);
      return kept === undefined ? [] : [{ ...continued(kept, series, widths, artefact.reading.time), kept }];
    }),
    notes,
    ...(rows.of === undefined && { table: rows.table }),
  };
}

/** @throws MemcellError when there are fewer rows than the model needs. */
export function checkRows(name: string, series: Series, artefact: ForecastArtefact, more = 0): void {
  if (hasRows(series, artefact, more)) return;
  const needed = rowsNeeded(artefact, series.name);
  const which = series.name === '' ? name : `${name}, series ${series.name}`;
  const compare = more > 0 ? ` and ${more} to compare with` : '';
  throw new MemcellError(
    `${which}: has ${counted(series.rows, 'row')}; this model needs ${needed} to forecast from${compare}`,
  );
}

/** Whether a series has the rows that the model needs, and more to compare with. */
export function hasRows(series: Series, artefact: ForecastArtefact, more = 0): boolean {
  return series.rows >= artefact.window + more || series.rows >= rowsNeeded(artefact, series.name) + more;
}

/**
 * Rows that a forecast needs: exponential smoothing alone goes on from one; corrections need the window, or all rows that the
 * series had in training where those were fewer.
 */
function rowsNeeded({ window, series, ...artefact }: ForecastArtefact, name: string): number {
  if (artefact.method === 'plain') return window;
  const { network, ridge } = parseState(artefact.state, 'forecaster');
  if (!network && !ridge) return 1;
  const trained = series.find((one) => one.name === name)?.trained ?? window;
  return Math.max(1, Math.min(window, trained));
}

/** The first few of some names. */
export function some(names: readonly string[]): string {
  return names.length <= 4 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
}
