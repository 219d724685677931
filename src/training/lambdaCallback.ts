import { usageError } from '../errors.js';
import { namedOptions } from '../spelling.js';
import { callable, mustBe, unknownOption } from '../valueKinds.js';
import { type Callback, HOOKS } from './callbacks.js';

/** A callback of functions, as Keras's; fit takes such an object as it is, too. Here misspelt names are errors. */
export class LambdaCallback implements Callback {
  readonly onTrainBegin?: Callback['onTrainBegin'];
  readonly onEpochBegin?: Callback['onEpochBegin'];
  readonly onBatchBegin?: Callback['onBatchBegin'];
  readonly onBatchEnd?: Callback['onBatchEnd'];
  readonly onEpochEnd?: Callback['onEpochEnd'];
  readonly onTrainEnd?: Callback['onTrainEnd'];
  readonly saveState?: Callback['saveState'];
  readonly loadState?: Callback['loadState'];

  /** @throws MemcellError 'usage' for a name that is no moment of a training, or what is no function */
  constructor(hooks: Callback) {
    const named = namedOptions<Callback>('LambdaCallback', hooks);
    for (const [name, hook] of Object.entries(named)) {
      if (!HOOKS.some((known) => known === name)) throw usageError(unknownOption('LambdaCallback', name, HOOKS));
      if (!callable.check(hook)) throw usageError(mustBe(`LambdaCallback: ${name}`, callable.what, hook));
    }
    Object.assign(this, named);
  }
}
