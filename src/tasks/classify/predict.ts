import { argMax } from '../../data/labels.js';
import type { Source } from '../../data/source.js';
import { MemcellError, usageError } from '../../errors.js';
import { counted, formatTable } from '../../format.js';
import type { Loaded, Prediction, TakeRows } from '../definition.js';
import type { Answer, ClassifyInput } from './answer.js';
import type { ClassifyArtefact } from './artefact.js';
import { percent } from './evaluation.js';
import { isPlain, type PlainArtefact, plainSample, predictPlain } from './plain.js';
import { type ReadPart, readParts } from './readParts.js';
import { allOf, predictBatch, take } from './samples.js';
import { type PartOptions, tableParts } from './tableParts.js';

/** Answers that are shown to people one by one. */
const mostRows = 40;
/** Answers that are given at once. */
const mostAnswers = 2_000_000;

type PartSize = Pick<PartOptions, 'most' | 'part'>;
/** Answers that are handed over part by part need no more than a part in memory: of files above some 3 MB. Groups come by name, which takes all. */
const handedOver: PartSize = { most: 2 ** 14, part: 2 ** 14 };

export interface Classification {
  classes: string[];
  /** One per row, or per group, in the table's order. */
  rows: Answer[];
}

/**
 * The class of each row, group of rows or text, with the probability of each class; the class column is not needed.
 * @param takeRows is handed the rows of a long table part by part, so that no more than a part is held
 */
export async function predictClasses(
  loaded: Loaded<ClassifyArtefact>,
  source: Source | undefined,
  _: object,
  takeRows?: TakeRows,
): Promise<Prediction<Classification>> {
  const { artefact, name } = loaded;
  if (source === undefined) {
    throw usageError(`${name}: give the DATA whose rows are to be classified`);
  }
  const size = takeRows && !(isPlain(artefact) ? artefact.group : artefact.groups) ? handedOver : {};
  const { long, parts, notes } = isPlain(artefact)
    ? await plainAnswers({ ...loaded, artefact }, source, size)
    : await answers(loaded, source, size);
  const { classes } = artefact;
  const head = [artefact.group ?? artefact.groups?.join(' / ') ?? 'row', artefact.label];
  const columns = [...head, ...classes.map((one) => `p(${one})`)];
  const rows: Answer[] = [];
  let count = 0;
  for await (const part of parts) {
    count += part.length;
    if (long && takeRows) {
      await takeRows(columns, part.map(cellsOf));
      rows.push(...part.slice(0, mostRows - Math.min(mostRows, rows.length)));
    } else if (count <= mostAnswers) for (const row of part) rows.push(row);
    else {
      const many = mostAnswers.toLocaleString('en');
      throw new MemcellError(
        `${source.name}: has more than ${many} rows, too many to be given at once; memcell predict --out FILE writes any number`,
      );
    }
  }
  const shown = rows.slice(0, mostRows);
  const rest = count - shown.length;
  const cells = shown.map(({ row, group, label, probabilities }) => [
    group ?? String(row),
    label,
    percent(Math.max(...probabilities)),
  ]);
  const text = formatTable([...head, 'probability'], cells);
  return {
    head: columns,
    rows: rows.map(cellsOf),
    ...(long && takeRows && { count }),
    result: { classes: [...classes], rows },
    text: text + (rest > 0 ? `\n… ${counted(rest, 'more row')}; --out FILE${long ? '' : ' or --json'} gives all` : ''),
    notes: notes(),
  };
}

function cellsOf({ row, group, label, probabilities }: Answer): (string | number)[] {
  return [group ?? String(row), label, ...probabilities];
}

interface Answers {
  long: boolean;
  parts: AsyncIterable<Answer[]>;
  notes(): string[];
}

const inputUses = { only: ['feature', 'known'] } as const;

async function answers(
  { artefact, model }: Loaded<ClassifyArtefact>,
  source: Source,
  size: PartSize,
): Promise<Answers> {
  const { classes } = artefact;
  const read = await readParts(source, artefact, { only: [...inputUses.only] }, size);
  const each = async function* () {
    for await (const part of read.parts) {
      const { samples, rowOf } = part;
      const { data } = await model.predict(samples.encode(artefact), { batchSize: predictBatch });
      yield Array.from(inOrder(part), (sample) => ({
        row: rowOf(sample) + 1,
        ...(samples.names && { group: samples.names[sample] }),
        label: classes[argMax(data, sample, classes.length)],
        probabilities: Array.from(data.subarray(sample * classes.length, (sample + 1) * classes.length)),
      }));
    }
  };
  return { long: read.long, parts: each(), notes: read.notes };
}

/** Groups by name, as frames have them; rows in the order of the table. */
function inOrder({ samples, rowOf }: ReadPart): Int32Array {
  const all = allOf(samples);
  return samples.names ? all : all.sort((a, b) => rowOf(a) - rowOf(b));
}

async function plainAnswers(
  { artefact, model }: Loaded<ClassifyArtefact & PlainArtefact>,
  source: Source,
  size: PartSize,
): Promise<Answers> {
  const { group, steps } = artefact;
  const read = await tableParts(source, { ...size, ...(group !== undefined && { group: [group] }), longest: steps });
  const each = async function* () {
    for await (const { table, placeOf } of read.parts) yield predictPlain(model, artefact, table, placeOf);
  };
  return { long: read.long, parts: each(), notes: () => read.notes };
}

/**
 * The N-th row or group of a table as the network sees it; of the table no more is read than it takes.
 * @throws MemcellError (usage) when there are fewer
 */
export async function classifyInput(
  { artefact }: Pick<Loaded<ClassifyArtefact>, 'artefact'>,
  source: Source,
  sample: number,
): Promise<ClassifyInput> {
  let before = 0;
  for await (const part of inputsOf(artefact, source)) {
    if (sample <= before + part.count) return part.input(sample - before - 1);
    before += part.count;
  }
  const there = before === 1 ? 'is 1 sample' : `are ${before} samples`;
  throw usageError(`sample: there ${there}, not ${sample}`);
}

async function* inputsOf(
  artefact: ClassifyArtefact,
  source: Source,
): AsyncIterable<{ count: number; input(sample: number): ClassifyInput }> {
  if (isPlain(artefact)) {
    const { group, steps } = artefact;
    const { parts } = await tableParts(source, { ...(group !== undefined && { group: [group] }), longest: steps });
    for await (const { table, placeOf } of parts) yield plainSample(artefact, table, placeOf);
    return;
  }
  const { parts } = await readParts(source, artefact, { only: [...inputUses.only] });
  const unit = artefact.groups?.join(' / ') ?? 'row';
  for await (const part of parts) {
    const order = inOrder(part);
    yield {
      count: order.length,
      input: (i) => {
        const name = part.samples.names?.[order[i]] ?? part.rowOf(order[i]) + 1;
        const { encode, inputs } = part.samples;
        const x = take(encode(artefact), order.subarray(i, i + 1));
        return { x, name: `${unit} ${name}`, ...(inputs.length > 0 && { features: [...inputs] }) };
      },
    };
  }
}
