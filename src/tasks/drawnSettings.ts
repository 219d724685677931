import { deriveKey, Random } from '../random.js';
import type { AnyFlags } from './flags.js';
import { withHidden } from './hiddenLayers.js';
import type { TrainingSettings } from './settings.js';

/** What a trial sets; what is not here is the task's to choose, or was given. */
export interface Drawn {
  /** Of the task's own options. */
  options: Record<string, unknown>;
  settings: Partial<Pick<TrainingSettings, 'learningRate' | 'batchSize'>>;
  layers?: string;
}

/** The defaults. */
export const nothing: Drawn = { options: {}, settings: {} };

/** What was given, which is left as it is. */
export interface Given {
  /** Of the task's own options. */
  options: Readonly<Record<string, unknown>>;
  settings?: Partial<TrainingSettings>;
  layers?: string;
}

/** Draws of the same settings, one after the other, after which there are no others. */
const mostRepeated = 50;

/**
 * What a seed draws for a trial, other than any before; undefined where there is nothing else to be drawn.
 * @param layers those of the defaults
 */
export function drawNew(
  task: AnyFlags,
  given: Given,
  layers: string,
  { seed, trial, seen }: { seed: number; trial: number; seen: Set<string> },
): Drawn | undefined {
  for (let attempt = 0; attempt < mostRepeated; attempt++) {
    const random = new Random(deriveKey(seed, 'trial', trial, attempt));
    const drawn = draw(task, given, layers, random);
    const text = JSON.stringify(drawn);
    if (seen.has(text)) continue;
    seen.add(text);
    return drawn;
  }
  return undefined;
}

/** Settings of which each is left at its default with a probability of one half; those that were given are left as they are. */
function draw(
  { options: table, ranges }: AnyFlags,
  { options, settings = {}, layers: own }: Given,
  layers: string,
  random: Random,
): Drawn {
  const pick = <T>(range: { draw(random: Random): T }): T | undefined => {
    const value = range.draw(random);
    return random.uniform() < 0.5 ? value : undefined;
  };
  const drawn: Drawn = { options: {}, settings: {} };
  for (const [name, { range }] of Object.entries(table)) {
    const value = range && options[name] === undefined ? pick(range) : undefined;
    if (value !== undefined) drawn.options[name] = value;
  }
  for (const name of ['learningRate', 'batchSize'] as const) {
    if (settings[name] !== undefined) continue;
    const value = pick(ranges[name]);
    if (value !== undefined) drawn.settings[name] = value;
  }
  const { units, depth, dropout, cell } = ranges.layers;
  const hidden = {
    units: units.draw(random),
    depth: depth.draw(random),
    dropout: dropout.draw(random),
    cell: cell.draw(random),
  };
  const varied = withHidden(layers, hidden);
  if (own === undefined && varied !== layers && random.uniform() < 0.5) drawn.layers = varied;
  return drawn;
}
