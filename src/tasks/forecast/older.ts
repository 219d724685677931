import { addSteps, type TimeStep } from '../../data/calendar.js';
import type { FrameReading, TimeReading } from '../../data/frame.js';
import type { Fields } from '../../fields.js';
import { type PlainArtefact, parseScaling } from './artefact.js';

/** The models of version 0.1: plain networks over columns of numbers, which said how the last date was written. */
export function olderArtefact(fields: Fields): PlainArtefact {
  const features = fields.names('features', 1);
  const targets = fields.names('targets', 1);
  const window = fields.integer('window', 1);
  const end = fields.object('end');
  const rows = end.numbers('rows', window * features.length);
  const time = fields.optional('time', (all) => timeOf(all.object('time'), end));
  const names = [...new Set([...features, ...targets])];
  const reading: FrameReading = {
    columns: [
      ...(time ? [{ name: time.reading.columns[0], use: 'time' as const, reading: { kind: 'time' as const } }] : []),
      ...names.map((name) => ({
        name,
        use: targets.includes(name) ? ('target' as const) : ('feature' as const),
        reading: { kind: 'number' as const, decimal: '.' as const },
      })),
    ],
    ...(time && { time: time.reading }),
    fill: 'none',
  };
  // The targets' own values are known where they go in too.
  const known = targets.map((name) => features.indexOf(name));
  const values = Array.from({ length: window }, (_, row) =>
    known.map((i) => (i < 0 ? Number.NaN : rows[row * features.length + i])),
  ).flat();
  return {
    kind: 'forecast',
    method: 'plain',
    targets,
    window,
    horizon: fields.integer('horizon', 1),
    season: 1,
    reading,
    series: [
      {
        name: '',
        targets: values,
        past: rows,
        known: [],
        ...(time && {
          times: Array.from({ length: window }, (_, row) => addSteps(time.end, time.step, row + 1 - window)),
        }),
      },
    ],
    features,
    channels: features,
    featureScaling: parseScaling(fields, 'featureScaling', features.length),
    targetScaling: parseScaling(fields, 'targetScaling', targets.length),
  };
}

interface OlderTime {
  reading: TimeReading;
  step: TimeStep;
  /** The last time of the training data. */
  end: number;
}

/** The time column, when it was regular; its last time with the notation of that one date. */
function timeOf(fields: Fields, end: Fields): OlderTime | undefined {
  const columns = [fields.string('column')];
  const step = fields.optional('step', (all) => {
    const inner = all.object('step');
    const unit = inner.oneOf('unit', ['month', 'millisecond', 'number']);
    const count = inner.number('count');
    return count > 0 ? { unit, count } : inner.damaged('count', 'above 0');
  });
  const last = end.optional('time', (all) => all.object('time'));
  if (step === undefined || last === undefined) return undefined;
  const value = last.number('value');
  const style = last.optional('style', (all) => all.object('style'));
  if (style === undefined) return { reading: { columns, notation: 'number', step }, step, end: value };
  if (Math.abs(value) > 8.64e15) last.damaged('value', 'a date');
  const zone = style.string('zone');
  const offset = /^([+-])(\d{2}):?(\d{2})$/.exec(zone);
  const minutes = offset ? (offset[1] === '-' ? -1 : 1) * (60 * Number(offset[2]) + Number(offset[3])) : 0;
  return { reading: { columns, notation: notationOf(style, zone), step }, step, end: value - 60_000 * minutes };
}

/** The pattern of a date's style: yyyy-MM-dd'T'HH:mmXXX. */
function notationOf(style: Fields, zone: string): string {
  const separator = style.string('separator');
  const date = ['yyyy', 'MM', 'dd'];
  const precision = style.oneOf('precision', ['month', 'day', 'minute', 'second', 'millisecond']);
  if (precision === 'month') return date.slice(0, 2).join(separator);
  if (precision === 'day') return date.join(separator);
  const clock = { minute: 'HH:mm', second: 'HH:mm:ss', millisecond: 'HH:mm:ss.SSS' }[precision];
  const joint = style.string('joint') === 'T' ? "'T'" : ' ';
  const end = zone === '' ? '' : zone === 'Z' ? 'Z' : 'XXX';
  return `${date.join(separator)}${joint}${clock}${end}`;
}
