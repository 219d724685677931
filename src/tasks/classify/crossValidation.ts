import type { Source } from '../../data/source.js';
import { MemcellError, usageError } from '../../errors.js';
import { counted } from '../../format.js';
import type { Run } from '../definition.js';
import { majorityOf, problemOf, readClasses } from './classifyData.js';
import { drawSamples } from './drawnSamples.js';
import { type ClassifyEvaluation, scoreClasses } from './evaluation.js';
import type { ClassifyOptions } from './options.js';
import { showClasses, shownSamples } from './shown.js';
import { strata } from './strata.js';
import { Clock, learn } from './train.js';
import { answers, labelled } from './trainClasses.js';

/**
 * Stratified cross-validation: the samples in `folds` parts, each class in each of them as often as in all, and each part
 * told by a model that was trained on the others. What is learnt of the inputs, scales and words, is learnt anew each time,
 * so `refit` changes nothing here. A time does not count.
 * @returns the scores of all samples' answers together, beside the most frequent class of all
 */
export async function crossValidate(
  source: Source,
  options: ClassifyOptions,
  run: Run,
  { folds }: { folds: number; refit: boolean },
): Promise<ClassifyEvaluation> {
  if (run.plain) throw usageError('backtest takes no --plain when it tells classes');
  const data = readClasses(await drawSamples(source, options, run.seed, false), options, run);
  const { actual, order, classes } = data;
  if (folds > order.length) {
    throw usageError(`${source.name}: ${counted(order.length, 'sample is', 'samples are')} too few for ${folds} folds`);
  }
  const probabilities = new Float32Array(order.length * classes.length);
  const clock = new Clock(run);
  for (const [fold, held] of strata(actual, order, folds, run.seed).entries()) {
    const outside = new Set(held);
    const train = order.filter((sample) => !outside.has(sample));
    const encoding = data.samples.learn(train);
    const learnt = await learn(labelled(data, train, encoding), problemOf(data, train, encoding, options), run, {
      clock,
      time: 1 / (folds - fold),
      name: `fold ${fold + 1} of ${folds}`,
    });
    try {
      if (run.signal?.aborted)
        throw new MemcellError('interrupted before every fold was scored', { code: 'interrupted' });
      const told = await answers(data, held, encoding, learnt);
      for (const [i, sample] of held.entries()) {
        for (let c = 0; c < classes.length; c++)
          probabilities[sample * classes.length + c] = told[i * classes.length + c];
      }
    } finally {
      learnt.model.dispose();
    }
  }
  const whole = { ...data, encoding: data.samples.learn(order) };
  const every = Int32Array.from(actual.keys());
  run.shown?.(showClasses(classes, actual, probabilities, shownSamples(whole, every)));
  const balanced = options.classWeights === 'balanced';
  return scoreClasses(actual, probabilities, { classes, majority: majorityOf(data, order), balanced }, [
    `${folds}-fold stratified cross-validation: each answer is of a model that was trained without the sample's fold`,
  ]);
}
