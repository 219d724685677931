import { usageError } from '../../errors.js';
import type { Run } from '../definition.js';
import type { Start } from '../start.js';
import type { ForecastArtefact } from './artefact.js';
import type { ForecastData } from './data.js';
import type { ForecastOptions } from './options.js';

/**
 * Window and horizon are those of the forecast that training starts from, where nothing else is asked for.
 * @throws MemcellError (usage) for a plain network where the recipe is asked for, or the other way round
 */
export function optionsFrom(before: ForecastArtefact, given: ForecastOptions, run: Run, from: Start): ForecastOptions {
  if ((before.method === 'plain') !== run.plain) {
    const remedy = run.plain ? 'was not trained with --plain; leave it out' : 'was trained with --plain; give it';
    throw usageError(`${from.name}: ${remedy}`);
  }
  const { window, horizon } = before;
  return { ...given, window: given.window ?? window, horizon: given.horizon ?? horizon };
}

/** Says how the data is scaled, and where its columns are not those of the forecast that training starts from. */
export function compareColumns(before: ForecastArtefact, { columns, set }: ForecastData, from: Start): void {
  const rows: [what: string, was: readonly string[], is: readonly string[]][] = [
    ['targets', before.targets, columns.targets],
    ['columns', before.method === 'plain' ? before.channels : before.channels.past, set.past],
    ...(before.method === 'plain'
      ? []
      : [['known columns', before.channels.known, set.known] as [string, string[], string[]]]),
  ];
  for (const [what, was, is] of rows) {
    if (was.join() === is.join()) continue;
    from.say(`${from.name}: its ${what} were ${namesOf(was)}, here ${namesOf(is)}: taken in this order`);
  }
  from.say(`scaled by this data; window and horizon, where not given, are those of ${from.name}`);
}

function namesOf(names: readonly string[]): string {
  const shown = names.slice(0, 8).join(', ');
  return names.length === 0 ? 'none' : names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}
