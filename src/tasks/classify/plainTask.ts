import type { Source } from '../../data/source.js';
import { usageError } from '../../errors.js';
import type { PreparedTask, Run, Trained } from '../definition.js';
import type { Samples } from '../prepared.js';
import { checkSettings, type TrainingSettings } from '../settings.js';
import { type ClassifyArtefact, parseClassifyArtefact } from './artefact.js';
import { drawSamples } from './drawnSamples.js';
import { type ClassifyEvaluation, nothingHeldOut } from './evaluation.js';
import { balancedWeights, buildNetwork, fitNetwork, type Labelled, type Recipe, withInputs } from './network.js';
import type { ClassifyOptions } from './options.js';
import { classifyDefaults, type PlainPrepared, prepareClassify } from './plain.js';
import { namesFrom, optionsFrom } from './startFrom.js';

const plainOptions = ['label', 'steps', 'group', 'features', 'classWeights', 'mostRows'];

/** As Keras would: columns of numbers, scaled; one network, one fit, the last rows held out. */
export async function preparePlain(
  source: Source,
  given: ClassifyOptions,
  run: Run,
): Promise<PreparedTask<ClassifyArtefact, ClassifyEvaluation>> {
  const foreign = Object.entries(given).find(([name, value]) => value !== undefined && !plainOptions.includes(name));
  if (foreign) throw usageError(`plain: takes no ${foreign[0]}; leave one of them out`);
  const before = run.from?.read(parseClassifyArtefact);
  const options = before && run.from ? optionsFrom(before, given, run, run.from) : given;
  const { label, steps, group, features, classWeights } = options;
  if (group && group.length > 1) throw usageError('plain: group is one column');
  const settings: TrainingSettings = { optimizer: 'adam', ...classifyDefaults, ...set(run.settings), seed: run.seed };
  checkSettings(settings);
  const drawn = await drawSamples(source, options, run.seed, false);
  const prepared = prepareClassify(
    drawn.table,
    { label, ...(steps !== undefined && { steps }), ...(group && { group: group[0] }), ...(features && { features }) },
    settings.validationSplit,
    before && { ...before, names: (names) => namesFrom(before, names, run.from) },
  );
  const { artefact, inputShape } = prepared;
  const padded = prepared.padded ? { padded: 'end' as const } : {};
  const own = run.from?.layersFor([[prepared.artefact.classes.length]], 'softmax') ?? run.layers;
  const written = (own ?? prepared.layers).trim().replace(/\s+/g, ' ');
  const { epochs, batchSize, optimizer, learningRate, patience } = settings;
  const recipe: Recipe = {
    layers: withInputs(written, { scaling: artefact.scaling, ...padded }),
    inputShape,
    classes: artefact.classes.length,
    optimizer,
    learningRate,
    batchSize,
    epochs,
    ...(patience !== undefined && { patience }),
  };
  const model = buildNetwork(recipe, run.seed, run.from);
  const { train, validation } = prepared.samples(model.outputShape);
  model.dispose();
  return {
    warnings: [...drawn.notes, ...prepared.warnings],
    layers: written,
    samples: train.x.shape[0],
    heldOut: validation?.x.shape[0] ?? 0,
    train: () => trainPlain({ prepared, recipe, settings, layers: written, train, validation, classWeights }, run),
  };
}

interface PlainTraining {
  prepared: PlainPrepared;
  recipe: Recipe;
  settings: TrainingSettings;
  layers: string;
  train: Samples;
  validation: Samples | undefined;
  classWeights: ClassifyOptions['classWeights'];
}

async function trainPlain(
  { prepared, recipe, settings, layers, train, validation, classWeights }: PlainTraining,
  run: Run,
): Promise<Trained<ClassifyArtefact, ClassifyEvaluation>> {
  const samples = labelled(train);
  const weights = classWeights && { weights: balancedWeights(samples.y, recipe.classes) };
  const { model, history, stopped, diverged } = await fitNetwork(
    { ...recipe, ...weights },
    samples,
    validation && labelled(validation),
    { seed: run.seed, run, ...(run.budget !== undefined && { seconds: run.budget }) },
  );
  try {
    const artefact: ClassifyArtefact = { ...prepared.artefact, ...(classWeights && { classWeights }) };
    await run.trained(model, { artefact, layers, settings, history });
    const scored = await prepared.evaluate(model, run.shown);
    const evaluation = validation ? scored : { ...scored, notes: [...scored.notes, nothingHeldOut] };
    return {
      model,
      artefact,
      layers,
      settings,
      history,
      evaluation,
      warnings: evaluation.better ? [] : [evaluation.verdict],
      ...(stopped && { stopped }),
      ...(diverged && { diverged }),
    };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function labelled({ x, y }: Samples): Labelled {
  return { x, y: Int32Array.from(y.data) };
}

function set<S extends object>(settings: S): Partial<S> {
  const found: Partial<S> = {};
  for (const key in settings) if (settings[key] !== undefined) found[key] = settings[key];
  return found;
}
