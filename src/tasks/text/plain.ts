import { tokenWindows } from '../../data/windows.js';
import { startOf } from '../clock.js';
import type { Run, Trained } from '../definition.js';
import { fitNetwork } from '../fitNetwork.js';
import type { TextArtefact } from './artefact.js';
import type { Corpus } from './corpus.js';
import { evaluateWindows, frequenciesOf, plainWindows, type TextEvaluation } from './evaluation.js';
import { buildTextNetwork } from './rounds.js';

export const plainDefaults = { window: 50, epochs: 10, batchSize: 32, learningRate: 0.004 };

/**
 * One network, one fit, as Keras would do it. A network that answers after every token learns from windows that begin
 * every half window, so that each token is predicted once from at least half a window; one that answers after the last
 * token only, from windows at every token. The end of the text is held out, and is evaluated after every epoch.
 */
export async function trainPlain(corpus: Corpus, run: Run): Promise<Trained<TextArtefact, TextEvaluation>> {
  const { ids, edge, tokens, window, settings, layers } = corpus;
  const model = buildTextNetwork(corpus, run);
  try {
    const everyPosition = model.outputShape.length === 3;
    const training = ids.subarray(0, edge);
    const heldOut = edge < ids.length ? ids.subarray(edge) : undefined;
    const { epochs, batchSize, patience, seed } = settings;
    run.stage('the network');
    const fit = await fitNetwork(model, {
      train: tokenWindows(training, window, everyPosition ? Math.ceil(window / 2) : 1, everyPosition),
      ...(heldOut && { validation: plainWindows(heldOut, window, everyPosition) }),
      epochs,
      batchSize,
      ...(patience !== undefined && { patience }),
      seed,
      callbacks: run.callbacks,
      ...(run.signal && { signal: run.signal }),
      ...(run.fits && { fits: run.fits }),
      ...(run.budget !== undefined && { deadline: startOf(run) + 1000 * run.budget }),
    });
    const frequencies = frequenciesOf(training, tokens.size);
    const artefact: TextArtefact = { kind: 'text', window, tokens, frequencies, context: 'window' };
    const { history, stopped, diverged } = fit;
    await run.trained(model, { artefact, layers, settings, history });
    const evaluation = await evaluateWindows({ network: model, tokens, window, frequencies }, heldOut ?? training);
    return {
      model,
      artefact,
      layers,
      settings,
      history,
      evaluation,
      warnings: [],
      ...(stopped && { stopped }),
      ...(diverged && { diverged }),
    };
  } catch (error) {
    model.dispose();
    throw error;
  }
}
