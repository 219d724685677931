import type { Account } from '../../data/frame.js';
import type { Source } from '../../data/source.js';
import { list } from '../../data/suggest.js';
import { otherWork } from '../../eventLoop.js';
import type { PreparedTask, Run } from '../definition.js';
import { checkSettings } from '../settings.js';
import { type ClassifyArtefact, parseClassifyArtefact } from './artefact.js';
import { type ClassifyData, type Division, divide, problemOf, readClasses, textRemedy } from './classifyData.js';
import { drawSamples } from './drawnSamples.js';
import type { ClassifyEvaluation } from './evaluation.js';
import { buildNetwork } from './network.js';
import type { ClassifyOptions } from './options.js';
import type { Encoding } from './samples.js';
import { optionsFrom } from './startFrom.js';
import { textNotes } from './texts.js';
import { recipeFor } from './train.js';
import { settingsOf, trainClasses } from './trainClasses.js';

/** Reads a table and says what it understood; trains when it is told to. */
export async function prepareClasses(
  source: Source,
  given: ClassifyOptions,
  run: Run,
): Promise<PreparedTask<ClassifyArtefact, ClassifyEvaluation>> {
  const before = run.from?.read(parseClassifyArtefact);
  const options = before && run.from ? optionsFrom(before, given, run, run.from) : given;
  const drawn = await drawSamples(source, options, run.seed);
  await otherWork();
  const data = readClasses(drawn, options, run, before);
  await otherWork();
  const division = divide(data, run);
  await otherWork();
  const encoding = data.samples.learn(division.train);
  await otherWork();
  const recipe = recipeFor(problemOf(data, division.train, encoding, options), run);
  checkSettings(settingsOf(recipe, run));
  if (run.layers !== undefined) buildNetwork(recipe, run.seed, run.from).dispose();
  return {
    account: accountOf(data, encoding, division),
    warnings: [...data.warnings, ...unseenWarnings(data, division), ...textWarnings(data.samples, encoding)],
    layers: recipe.layers,
    samples: division.train.length,
    heldOut: division.held.length,
    train: () => trainClasses(data, division, run),
  };
}

/** The account of the table, with what was done to it for this task. */
function accountOf({ frame, options }: ClassifyData, encoding: Encoding, { note }: Division): Account {
  const { account } = frame;
  const remedy = options.textColumn === undefined && options.features === undefined ? textRemedy(frame, 5) : undefined;
  const { text } = encoding;
  const columns = account.columns.map((column) =>
    text && column.name === options.textColumn
      ? { name: column.name, use: 'feature' as const, how: `text, ${text.known.length} ${text.kind} known` }
      : column,
  );
  const notes = [...account.notes, ...(remedy === undefined ? [] : [remedy]), ...(note === undefined ? [] : [note])];
  return { ...account, columns, notes };
}

function textWarnings({ read }: ClassifyData['samples'], encoding: Encoding): string[] {
  return read && encoding.text ? textNotes(read(encoding), encoding.text.kind) : [];
}

function unseenWarnings({ actual, classes, options }: ClassifyData, { train, held }: Division): string[] {
  const trained = new Set(Array.from(train, (sample) => actual[sample]));
  const unseen = new Set(Array.from(held, (sample) => actual[sample]).filter((c) => !trained.has(c)));
  if (unseen.size === 0) return [];
  const names = classes.filter((_, c) => unseen.has(c));
  return [
    `${options.label}: ${list(names)} is only in the part held out, where the model that is scored cannot know it`,
  ];
}
