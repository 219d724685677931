import type { Callback } from './callbacks.js';

/**
 * Ends the fit when a loss or weight is no longer finite, as Keras's callback of this name; without it fit rejects with an error. Either
 * way the model has the weights after the last good epoch, where Keras leaves it spoilt.
 */
export class TerminateOnNaN implements Callback {
  /** What was not finite, and where; undefined before. */
  reason: string | undefined;

  onTrainBegin(): void {
    this.reason = undefined;
  }
}
