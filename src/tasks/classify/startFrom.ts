import { list } from '../../data/suggest.js';
import { usageError } from '../../errors.js';
import type { Run } from '../definition.js';
import { refuseDecided, type Start } from '../start.js';
import type { ClassifyArtefact } from './artefact.js';
import type { ClassifyOptions } from './options.js';

/** What the model has decided of how a table becomes samples. */
const decided = [
  'steps',
  'group',
  'textColumn',
  'tokens',
  'features',
  'drop',
  'time',
  'fill',
  'missing',
  'decimal',
  'dates',
] as const;

/**
 * A classifier that training starts from reads a table as it does when it predicts: its columns, numbers on its scale, its
 * known words and values.
 * @throws MemcellError (usage) for options that say otherwise, another label, and one of a plain and one of a full model
 */
export function optionsFrom(before: ClassifyArtefact, given: ClassifyOptions, run: Run, from: Start): ClassifyOptions {
  if ((before.reading === undefined) !== run.plain) {
    const remedy = run.plain ? 'was not trained with --plain; leave it out' : 'was trained with --plain; give it';
    throw usageError(`${from.name}: ${remedy}`);
  }
  refuseDecided(from.name, given, decided);
  if (given.label !== before.label) {
    throw usageError(
      `label: ${given.label} is not that of ${from.name}, which is ${before.label}; give the column that name`,
    );
  }
  const { groups = before.group === undefined ? undefined : [before.group], steps, text, features } = before;
  from.say(
    `columns, scaling${text ? ', known words' : ''} and values are those of ${from.name}, not learnt from this data`,
  );
  return {
    ...given,
    ...(groups ? { group: groups } : !text && steps !== undefined && { steps }),
    ...(text && { textColumn: features[0], tokens: text.kind }),
    ...(run.plain && { features }),
  };
}

/** The classes of the data, in the order of the model's where they are the same ones. */
export function namesFrom(
  before: Pick<ClassifyArtefact, 'classes'> | undefined,
  names: string[],
  from: Start | undefined,
): string[] {
  if (!before || !from) return names;
  const same = before.classes.length === names.length && names.every((name) => before.classes.includes(name));
  if (same) return before.classes;
  from.replaceHead(`the classes were ${list(before.classes)}, here ${list(names)}`);
  return names;
}
