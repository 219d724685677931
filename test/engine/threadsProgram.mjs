/** Programs that threadsWorkers.test.ts starts, by name: what needs a process of its own. Prints one JSON document. */

import { planModel } from '../../dist/engine/plan.js';
import { createEngineRunner } from '../../dist/engine/tfjsModel.js';
import { adam, Dense, LSTM, Sequential } from '../../dist/index.js';
import { buildModel } from '../../dist/model/build.js';
import { compileTraining } from '../../dist/training/compile.js';

const workers = [];
process.on('worker', (worker) => workers.push(worker));

const turn = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms));
const shape = [16, 10, 4];
const x = { data: Float32Array.from({ length: 640 }, (_, i) => Math.sin(i * i)), shape };
const y = { data: Float32Array.from({ length: 48 }, (_, i) => Number(i % 3 === 0)), shape: [16, 3] };

function runnerOf(options) {
  const model = buildModel([LSTM(20), Dense(3, 'softmax')], { inputShape: [10, 4], seed: 1 });
  const compiled = compileTraining(model, { loss: 'categoricalCrossentropy', optimizer: adam() });
  return createEngineRunner(model, compiled, planModel(model, compiled).plan, { leastMicroseconds: 0, ...options });
}

/** A runner whose steps are cut on one thread and on two. */
function longSteps(threads) {
  const [batch, steps, units] = [192, 60, 144];
  const model = buildModel([LSTM(units, { dropout: 0.1 }), Dense(3, 'softmax')], { inputShape: [steps, 4], seed: 1 });
  const compiled = compileTraining(model, { loss: 'categoricalCrossentropy', optimizer: adam() });
  const two = createEngineRunner(model, compiled, planModel(model, compiled).plan, { threads });
  const data = {
    data: Float32Array.from({ length: batch * steps * 4 }, (_, i) => Math.sin(i * i)),
    shape: [batch, steps, 4],
  };
  const labels = { data: Float32Array.from({ length: batch * 3 }, (_, i) => Number(i % 3 === 0)), shape: [batch, 3] };
  return { two, data, labels };
}

/** A runner on two threads that has trained, and its equal on one. */
async function ready() {
  const two = runnerOf({ threads: 2 });
  while (two.threads < 2) {
    two.predictBatch(x);
    await turn();
  }
  const one = runnerOf({ threads: 1 });
  for (let i = 0; i < 3; i++) {
    one.trainBatch(x, y);
    two.trainBatch(x, y);
  }
  return { one, two };
}

async function killed(whileIdle) {
  const { one, two } = await ready();
  const done = workers[0].terminate();
  if (whileIdle) {
    await done;
    await turn(20);
  }
  let error;
  try {
    for (let i = 0; i < 1000; i++) {
      await two.trainInTurns({ x, y }, loss);
      one.trainBatch(x, y);
    }
  } catch (caught) {
    error = caught;
  }
  for (let i = 0; i < 3; i++) {
    one.trainBatch(x, y);
    two.trainBatch(x, y);
  }
  const a = one.capture();
  const b = two.capture();
  const same = [...a.weights, ...a.optimizer.state].every((values, i) =>
    values.every((value, j) => value === [...b.weights, ...b.optimizer.state][i][j]),
  );
  return { message: error?.message, code: error?.code, threads: two.threads, same };
}

/** A worker that cannot lay out what the main thread seems to have laid out. */
async function failing() {
  const { two } = await ready();
  const { program } = two;
  program.place = () => {};
  program.arena.f64[program.stepsAt] = 1e8;
  program.placement = { ...program.placement, steps: [1e8] };
  try {
    two.trainBatch(x, y);
  } catch (error) {
    return { message: error.message };
  }
  return {};
}

const loss = (result) => result.loss;
const copy = ({ data, ...rest }) => ({ ...rest, data: data.slice() });

const scenarios = {
  failing,
  async exit() {
    const { two } = await ready();
    return { threads: two.threads };
  },
  async dispose() {
    const { two } = await ready();
    let ended = false;
    workers[0].on('exit', () => {
      ended = true;
    });
    two.dispose();
    for (let i = 0; i < 200 && !ended; i++) await turn(100);
    return { ended };
  },
  /** A long step, in which a worker is killed. A worker that dies only after the step is done, as on a busy machine, is tried again. */
  async longKilled() {
    for (let tries = 1; ; tries++) {
      const { two, data, labels } = longSteps(2);
      const samples = { x: data, y: labels };
      while (two.threads < 2) {
        await two.predictInTurns(data, copy);
        await turn();
      }
      const step = two.trainInTurns(samples, loss);
      const whileBusy = step instanceof Promise;
      await turn(1);
      const done = workers.at(-1).terminate();
      const error = await Promise.resolve(step).then(
        () => undefined,
        (reason) => reason,
      );
      await done;
      if (!error && tries < 10) {
        // The next step is told of the death instead, before it begins or in it.
        await turn(20);
        await (async () => two.trainInTurns(samples, loss))().catch(() => {});
        two.dispose();
        continue;
      }
      return {
        whileBusy,
        message: error?.message,
        code: error?.code,
        threads: two.threads,
        loss: await two.trainInTurns(samples, loss),
      };
    }
  },
  /**
   * Other work during a long step of one or two threads, and what else may be asked of the model meanwhile. By a clock on which a second
   * passes between two looks at it, so that a pause is due after the first piece, whatever the machine's speed.
   */
  async long() {
    const results = [];
    let clock = 0;
    performance.now = () => (clock += 1000);
    for (const threads of [1, 2]) {
      const { two, data, labels } = longSteps(threads);
      const samples = { x: data, y: labels };
      while (two.threads < threads) {
        await two.predictInTurns(data, copy);
        await turn();
      }
      const other = longSteps(1);
      let order = '';
      setImmediate(() => {
        order += 'other work, ';
      });
      const step = two.trainInTurns(samples, (result) => ({ ...result, predictions: copy(result.predictions) }));
      const paused = step instanceof Promise;
      const stepped = Promise.resolve(step).then((result) => {
        order += 'step';
        return result;
      });
      const meanwhile = [two.predictInTurns(data, copy), two.evaluateInTurns(samples, loss)];
      two.sync();
      const [trained, predicted, evaluated] = await Promise.all([stepped, ...meanwhile]);
      const used = two.threads;
      const expected = other.two.trainBatch(data, labels);
      const same = (a, b) => a.data.length === b.data.length && a.data.every((value, i) => value === b.data[i]);
      const sameTraining = trained.loss === expected.loss && same(trained.predictions, expected.predictions);
      const samePrediction = same(predicted, other.two.predictBatch(data));
      const sameLoss = evaluated === other.two.evaluateBatch(data, labels).loss;
      results.push({ paused, order, threads: used, sameTraining, samePrediction, sameLoss });
      two.dispose();
    }
    return { results };
  },
  idle: () => killed(true),
  busy: () => killed(false),
  async again() {
    await killed(true);
    const { two } = await ready();
    return { threads: two.threads };
  },
  async fit() {
    const threadsOf = (units, timesteps) => {
      const model = new Sequential([LSTM(units), Dense(3, 'softmax')], { inputShape: [timesteps, 4], seed: 1 });
      model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy', threads: 2 });
      const n = 256;
      const data = {
        data: Float32Array.from({ length: n * timesteps * 4 }, (_, i) => Math.sin(i * i)),
        shape: [n, timesteps, 4],
      };
      const labels = { data: Float32Array.from({ length: n * 3 }, (_, i) => Number(i % 3 === 0)), shape: [n, 3] };
      return { model, data, labels };
    };
    const started = () => workers.length + 1;
    const few = threadsOf(4, 2);
    await few.model.fit(few.data, few.labels, { epochs: 20, verbose: 0 });
    const small = started();
    const many = threadsOf(64, 30);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 20);
    await many.model.fit(many.data, many.labels, { epochs: 40, verbose: 0 });
    clearInterval(timer);
    return { small, large: started(), ticks };
  },
};

console.log(JSON.stringify(await scenarios[process.argv[2]]()));
