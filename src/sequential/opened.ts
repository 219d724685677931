/** Saved models, opened with how they were compiled. */
import { MemcellError } from '../errors.js';
import type { LoadOptions } from '../formats/http.js';
import { compileOptionsOf, restoreOptimizer } from '../formats/keras/compileOptions.js';
import type { ModelSource } from '../formats/location.js';
import type { ModelContents } from '../formats/modelFile.js';
import { openModel } from '../formats/open.js';
import type { CompileOptions } from '../training/compile.js';
import { getOptimizer } from '../training/optimizers.js';

export interface Opened {
  model: Awaited<ReturnType<typeof openModel>>['model'];
  metadata: Record<string, unknown>;
  lost: readonly string[];
  /** Compiles the model as it was, where the file says how; it is disposed of if that fails. @throws MemcellError 'model' */
  compile(model: { compile(options: CompileOptions): void; dispose(): void }): void;
}

/** @throws MemcellError 'model' or 'io' that names the file and what is wrong with it */
export async function opened(from: ModelSource, options?: LoadOptions): Promise<Opened> {
  const { model, metadata: saved, training: written, optimizerState, lost } = await openModel(from, options);
  const { training, ...metadata } = saved;
  const compiling =
    training === undefined ? written && compileOptionsOf(written, optimizerState, lost) : (training as CompileOptions);
  const compile: Opened['compile'] = (own) => {
    if (compiling === undefined) return;
    try {
      own.compile(training === undefined ? compiling : goingOn(compiling, optimizerState));
    } catch (error) {
      own.dispose();
      const reason = error instanceof Error ? error.message : String(error);
      const where = typeof from === 'string' ? from : 'the model';
      throw new MemcellError(`${where}: the training settings saved with the model are not valid: ${reason}`, {
        code: 'model',
        cause: error,
      });
    }
  };
  return { model, metadata, lost, compile };
}

/** compile()'s options with an optimizer that goes on from a saved state. */
function goingOn(options: CompileOptions, state: ModelContents['optimizerState']): CompileOptions {
  if (!state || options.optimizer === undefined) return options;
  const optimizer = getOptimizer(options.optimizer);
  restoreOptimizer(optimizer, state);
  return { ...options, optimizer };
}
