import type { Fields } from '../../fields.js';
import type { TimeStep } from '../calendar.js';
import type { ColumnReading, FrameReading, TimeReading } from '../frame.js';
import { languages } from './monthNames.js';
import { notationOf } from './notations.js';
import { scaled } from './numberTimes.js';

const uses = ['time', 'group', 'target', 'label', 'feature', 'known', 'out'] as const;

/**
 * What a saved model needs to read another table in the same way, every field checked.
 * @throws MemcellError (model) that names the field that is not right
 */
export function parseReading(fields: Fields): FrameReading {
  const time = fields.optional('time', () => parseTime(fields.object('time')));
  const group = fields.optional('group', () => fields.names('group', 1));
  const missing = fields.optional('missing', () => fields.names('missing', 0));
  const every = fields.optional('every', () => fields.string('every'));
  return {
    columns: fields.objects('columns').map((column) => ({
      name: column.string('name'),
      use: column.oneOf('use', uses),
      reading: parseColumn(column.object('reading')),
    })),
    fill: fields.oneOf('fill', ['linear', 'none']),
    ...(time && { time }),
    ...(group && { group }),
    ...(missing && { missing }),
    ...(every !== undefined && { every }),
  };
}

function parseColumn(fields: Fields): ColumnReading {
  const kind = fields.oneOf('kind', ['number', 'flag', 'category', 'time', 'text']);
  if (kind === 'flag') {
    const middle = fields.optional('middle', () => fields.number('middle'));
    if (middle !== undefined && middle !== 0 && middle !== 1) fields.damaged('middle', '0 or 1');
    return { kind, zero: fields.string('zero'), one: fields.string('one'), ...(middle !== undefined && { middle }) };
  }
  if (kind === 'category') return { kind, values: fields.names('values', 1) };
  if (kind !== 'number') return { kind };
  const thousands = fields.optional('thousands', () => fields.string('thousands'));
  const unit = fields.optional('unit', () => fields.string('unit'));
  const middle = fields.optional('middle', () => fields.number('middle'));
  return {
    kind,
    decimal: fields.oneOf('decimal', ['.', ',']),
    ...(thousands !== undefined && { thousands }),
    ...(unit !== undefined && { unit }),
    ...(middle !== undefined && { middle }),
  };
}

function parseTime(fields: Fields): TimeReading {
  const notation = fields.string('notation');
  const locale = fields.optional('locale', () => fields.oneOf('locale', languages));
  const months = fields.optional('months', () => wordList(fields, 'months', 12));
  const weekdays = fields.optional('weekdays', () => wordList(fields, 'weekdays', 7));
  const offset = fields.optional('offset', () => fields.number('offset'));
  const zone = fields.optional('zone', () => fields.string('zone'));
  const wall = fields.optional('wall', () => fields.boolean('wall'));
  const step = fields.optional('step', () => parseStep(fields.object('step')));
  const season = fields.optional('season', () => fields.integer('season', 1));
  if (scaled(notation, 0) === undefined && notationOf({ pattern: notation }).isEmpty()) {
    fields.damaged('notation', 'a notation of times');
  }
  return {
    columns: fields.names('columns', 1),
    notation,
    ...(locale !== undefined && { locale }),
    ...(months && { months }),
    ...(weekdays && { weekdays }),
    ...(offset !== undefined && { offset }),
    ...(zone !== undefined && { zone }),
    ...(wall !== undefined && { wall }),
    ...(step && { step }),
    ...(season !== undefined && { season }),
  };
}

function parseStep(fields: Fields): TimeStep {
  const unit = fields.oneOf('unit', ['month', 'millisecond', 'business day', 'working day', 'number']);
  const count = unit === 'number' ? fields.number('count') : fields.integer('count', 1);
  return count > 0 ? { unit, count } : fields.damaged('count', 'above 0');
}

function wordList(fields: Fields, key: string, length: number): string[] {
  const words = fields.texts(key);
  return words.length === length ? words : fields.damaged(key, `${length} names`);
}
