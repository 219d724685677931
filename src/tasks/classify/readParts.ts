import type { Frame } from '../../data/frame.js';
import type { Source } from '../../data/source.js';
import { filledOf } from '../../data/understanding/notes.js';
import { PartNotes } from '../../data/understanding/partNotes.js';
import { NoRowLeft } from '../../data/understanding/rows.js';
import { type UnderstandOptions, understand } from '../../data/understanding/understand.js';
import { MemcellError } from '../../errors.js';
import type { ClassifyArtefact } from './artefact.js';
import { type Samples, tableSamples, textSamples } from './samples.js';
import { type PartOptions, type TablePart, tableParts } from './tableParts.js';
import { type TextCounts, textNotes } from './texts.js';

/** A table read as the one that the model was trained on: whole, or in parts where it is too long to be held. */
export interface ReadParts {
  long: boolean;
  parts: AsyncIterable<ReadPart>;
  /** What must not be silent about all parts, one line each; complete after the last one. */
  notes(): string[];
}

export interface ReadPart extends TablePart {
  frame: Frame;
  samples: Samples;
  /** The row of the whole, from 0, that a sample begins with. */
  rowOf(sample: number): number;
}

/** @throws MemcellError for a table that is not as the model's, and one of which no row can be used */
export async function readParts(
  source: Source,
  artefact: ClassifyArtefact,
  how: Pick<UnderstandOptions, 'only'> = {},
  size: Pick<PartOptions, 'most' | 'part'> = {},
): Promise<ReadParts> {
  const { groups, reading, steps, text } = artefact;
  const table = await tableParts(source, {
    ...size,
    ...(groups && { group: groups }),
    ...(steps && { longest: steps }),
  });
  const said = new PartNotes();
  const counts: TextCounts = { texts: 0, cut: 0, tokens: 0, unknown: 0 };
  const options = { ...how, ...(reading && { like: reading }), ...(groups === undefined && { timeless: true }) };
  const read = async function* (): AsyncIterable<ReadPart> {
    let [used, nothing]: [boolean, NoRowLeft | undefined] = [false, undefined];
    for await (const part of table.parts) {
      let frame: Frame;
      try {
        frame = understand(part.table, { ...options, goesOn: part.goesOn });
      } catch (error) {
        if (!(error instanceof NoRowLeft)) throw error;
        said.add(error.notes);
        nothing ??= error;
        continue;
      }
      used = true;
      said.add(frame.notes, filledOf(frame.account));
      const samples = samplesOf(frame, artefact);
      const own = samples.read?.(artefact);
      if (own) for (const key of ['texts', 'cut', 'tokens', 'unknown'] as const) counts[key] += own[key];
      yield { ...part, frame, samples, rowOf: (sample) => part.placeOf(frame.origins[samples.rows[sample]]) };
    }
    if (!used && nothing !== undefined) throw nothing;
  };
  const notes = () => [...table.notes, ...said.list(), ...(text ? textNotes(counts, text.kind) : [])];
  return { long: table.long, parts: read(), notes };
}

/** @throws MemcellError for groups longer than the model takes */
function samplesOf(frame: Frame, artefact: ClassifyArtefact): Samples {
  const { features, groups, steps, text } = artefact;
  if (text) return textSamples(frame, features[0], text.kind);
  if (groups === undefined)
    return tableSamples(frame, { features, grouped: false, ...(steps !== undefined && { steps }) });
  const long = frame.series.find(({ from, to }) => to - from > (steps ?? 1));
  if (long) {
    throw new MemcellError(
      `${frame.where(long.from + (steps ?? 1))}: ${long.name} has ${long.to - long.from} rows; this model takes up to ${steps}`,
    );
  }
  return tableSamples(frame, { features, grouped: true });
}
