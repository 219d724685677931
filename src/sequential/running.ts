/** How a model runs: what compile() set, on memcell's engine or on tfjs, its streams, and what may go on beside what. */
import { EngineRunner } from '../engine/engineRunner.js';
import { planModel } from '../engine/plan.js';
import type { Plan } from '../engine/planData.js';
import { Stepper, Stream, streamObstacle } from '../engine/stream.js';
import { createEngineRunner } from '../engine/tfjsModel.js';
import { MOST_THREADS } from '../engine/threads/pool.js';
import { type MemcellError, modelError, usageError } from '../errors.js';
import { prepareBackend, prepareEngine } from '../kernels/backend.js';
import { bringOthersHome, type Holder, holdLayers } from '../model/sharing.js';
import { type EitherSpelling, shown } from '../spelling.js';
import type { LayersModel } from '../tfjsTypes.js';
import { type Compiled, compileTraining } from '../training/compile.js';
import { type ResolvedTraining, resolveTraining } from '../training/description.js';
import { getLoss } from '../training/losses.js';
import { sgd } from '../training/optimizers.js';
import { complete } from '../training/options.js';
import type { Runner } from '../training/runner.js';
import { createTfjsRunner } from '../training/tfjsRunner.js';
import { mustBe, wholeNumber } from '../valueKinds.js';
import type { SequentialCompileOptions } from './options.js';

/** What compile() set. */
interface Setting {
  settings: ResolvedTraining;
  /** Left out where the model's shape is not known yet. */
  compiled: Compiled | undefined;
  engine: 'tfjs' | undefined;
}

const threadCount = wholeNumber(1, MOST_THREADS);

/** Each is checked by who takes it. */
const COMPILE_OPTIONS = {
  optimizer: 'other',
  loss: 'other',
  lossWeights: 'other',
  metrics: 'other',
  weightedMetrics: 'other',
  engine: 'other',
  threads: 'other',
} as const;

export class Running {
  /** Whether nobody has given, trained, read or used the weights. */
  untouched = true;
  private setting: Setting | undefined;
  private mostThreads: number | undefined;
  private planned: ReturnType<typeof planModel> | undefined;
  private runner: Runner | undefined;
  private stepper: Stepper | undefined;
  /** What other models that have layers of this one ask for its weights, if there are any. */
  private holder: Holder | undefined;
  private busy: string | undefined;

  /** @param model builds it, or throws */
  constructor(
    private readonly model: () => LayersModel,
    private readonly seed: number,
  ) {}

  get settings(): ResolvedTraining | undefined {
    return this.setting?.settings;
  }

  /**
   * @param knowsShape whether the model can be built, so that the options are checked against it now
   * @throws MemcellError 'usage' for what is none of compile's options; all is then as before
   */
  compile(options: EitherSpelling<SequentialCompileOptions>, knowsShape: boolean): void {
    const given = complete<object, SequentialCompileOptions>('compile', {}, options, COMPILE_OPTIONS);
    const { engine, threads } = given;
    if (engine !== undefined && engine !== 'tfjs') {
      throw usageError(`engine: ${shown(engine)}; it can be 'tfjs' or left out`);
    }
    if (threads !== undefined) checkThreads(threads);
    const settings = resolveTraining(given);
    const compiled = knowsShape ? compileTraining(this.model(), settings) : undefined;
    this.free();
    this.mostThreads = threads ?? this.mostThreads;
    this.setting = { settings, compiled, engine };
  }

  /** The model has other layers: it is to be compiled again. */
  changeLayers(change: () => void): void {
    this.free();
    change();
    this.setting = undefined;
    if (this.holder) this.shareLayers();
  }

  compiledNow(): Compiled {
    const { setting } = this;
    if (!setting) {
      throw usageError("compile the model first: model.compile({ optimizer: 'adam', loss: … })");
    }
    setting.compiled ??= compileTraining(this.model(), setting.settings);
    return setting.compiled;
  }

  /** The engine's plan for the model as it is, or why it has none. One that has not been compiled only predicts. */
  plannedNow(): { plan: Plan } | { reason: string } {
    if (this.setting?.engine === 'tfjs') return { reason: "compile was given engine: 'tfjs'" };
    this.planned ??= planModel(this.model(), this.training());
    return this.planned;
  }

  /** The runner of the model as it is, on a backend that is ready. */
  async ready(): Promise<Runner> {
    this.untouched = false;
    this.takeShared();
    await ('plan' in this.plannedNow() ? prepareEngine() : prepareBackend());
    return this.runnerNow();
  }

  /** Has the tfjs model's weights in step, for whoever reads them there. */
  bringHome(): void {
    this.untouched = false;
    this.takeShared();
    this.runner?.sync();
  }

  stream(): Stream {
    this.untouched = false;
    const { plan, program } = this.streamRunner();
    const obstacle = streamObstacle(plan);
    if (obstacle !== undefined) throw cannotStream(obstacle);
    if (!this.stepper?.fits(plan)) this.stepper = new Stepper(plan, () => this.streamRunner(), program.speed);
    return new Stream(this.stepper);
  }

  get threads(): number | undefined {
    return this.mostThreads;
  }

  set threads(threads: number | undefined) {
    if (threads !== undefined) checkThreads(threads);
    if (threads === this.mostThreads) return;
    this.free();
    this.mostThreads = threads;
  }

  /** Notes that other models may run this one's layers too. */
  shareLayers(): void {
    this.holder ??= {
      bringHome: () => {
        this.untouched = false;
        this.runner?.sync();
      },
    };
    holdLayers(this.model(), this.holder);
  }

  /** Lets go of the runner, with the weights brought home: before anything that it does not know of. */
  free(): void {
    if (this.busy) {
      throw usageError(`this cannot be done while ${this.busy} runs on the same model; await it first`);
    }
    this.runner?.sync();
    this.runner?.dispose();
    this.runner = undefined;
    this.planned = undefined;
  }

  /** One training at a time; predicting, evaluating and saving may go on beside it, between its batches. */
  async exclusively<T>(what: string, run: () => Promise<T>): Promise<T> {
    if (this.busy) {
      throw usageError(`${what} was called while ${this.busy} runs on the same model; await it first`);
    }
    this.busy = what;
    try {
      return await run();
    } finally {
      this.busy = undefined;
    }
  }

  /** Has models that share layers with this one hand over what they have trained. */
  private takeShared(): void {
    if (this.holder) bringOthersHome(this.model(), this.holder);
  }

  private training(): Pick<Compiled, 'loss' | 'optimizer' | 'outputs'> {
    return this.setting ? this.compiledNow() : { loss: getLoss('meanSquaredError'), optimizer: sgd() };
  }

  private runnerNow(): Runner {
    if (!this.runner) {
      const planned = this.plannedNow();
      const training = this.training();
      this.runner =
        'plan' in planned
          ? createEngineRunner(this.model(), training, planned.plan, { threads: this.mostThreads })
          : createTfjsRunner(this.model(), training);
      this.runner.seed = this.seed;
    }
    return this.runner;
  }

  /** The engine's runner: what streams take weights from. */
  private streamRunner(): EngineRunner {
    this.takeShared();
    const runner = this.runnerNow();
    if (runner instanceof EngineRunner) return runner;
    const planned = this.plannedNow();
    throw cannotStream(`it runs on TensorFlow.js (${'reason' in planned ? planned.reason : 'it was told to'})`);
  }
}

/** @throws MemcellError 'usage' for what is not a whole number from 1 to 64 */
function checkThreads(threads: number): void {
  if (!threadCount.check(threads)) throw usageError(mustBe('threads', threadCount.what, threads));
}

function cannotStream(why: string): MemcellError {
  return modelError(`this model cannot stream: ${why}`);
}
