import { SingleBar } from 'cli-progress';
import { formatDuration, formatNumber } from '../format.js';
import type { Callback } from '../training/callbacks.js';
import type { Logs, TrainingParams } from '../training/history.js';
import type { OutputStream } from './streams.js';

/** Redrawing more often than this is not seen and costs time. */
const redrawMs = 100;

/** A callback of fit that shows; `stop` takes the bar off the terminal, also after an error. */
export interface ShownProgress {
  callback: Callback;
  /** Tells which part of the work begins. */
  stage(text: string): void;
  stop(): void;
}

/** Without a terminal, fits of more epochs than the first number print as many lines as the second. */
const [manyEpochs, fewLines] = [50, 10];

/** How far training is: a live bar with the time left on a terminal, otherwise one line an epoch, or every few epochs. */
export function showProgress(stream: OutputStream): ShownProgress {
  return stream.isTTY ? bar(stream) : lines(stream);
}

function lines(stream: OutputStream): ShownProgress {
  const callback: Callback = {
    onEpochEnd: (epoch, logs, { params: { epochs } }) => {
      const last = epoch + 1 === epochs;
      const every = epochs > manyEpochs ? Math.ceil(epochs / fewLines) : 1;
      if (!last && (epoch + 1) % every !== 0) return;
      stream.write(`epoch ${epoch + 1}/${epochs}  ${numbers(logs)}\n`);
    },
  };
  return { callback, stage: (text) => stream.write(`${text}\n`), stop: () => {} };
}

function bar(stream: OutputStream): ShownProgress {
  const line = new SingleBar({
    stream: stream as NodeJS.WritableStream,
    format: 'epoch {epoch}  {bar}  {numbers}{left}',
    barsize: 20,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
    linewrap: false,
    gracefulExit: false,
    emptyOnZero: true,
  });
  let shown = false;
  let epoch = 0;
  let startedAt = 0;
  let drawnAt = 0;
  let validation: Logs = {};
  const draw = (done: number, logs: Logs, { epochs, steps }: TrainingParams) => {
    if (!shown) return;
    drawnAt = performance.now();
    const seconds = ((drawnAt - startedAt) / 1000 / done) * (epochs * steps - done);
    line.update(done, {
      epoch: `${String(epoch + 1).padStart(String(epochs).length)}/${epochs}`,
      numbers: numbers({ ...logs, ...validation }),
      left: `  ${formatDuration(seconds)} left`,
    });
  };
  const callback: Callback = {
    onTrainBegin: ({ params }) => {
      startedAt = performance.now();
      shown = true;
      line.start(params.epochs * params.steps, 0, { epoch: `1/${params.epochs}`, numbers: '', left: '' });
    },
    onEpochBegin: (at) => {
      epoch = at;
    },
    onBatchEnd: (batch, logs, { params }) => {
      if (performance.now() - drawnAt >= redrawMs) draw(epoch * params.steps + batch + 1, logs, params);
    },
    onEpochEnd: (_, logs, { params }) => {
      validation = Object.fromEntries(Object.entries(logs).filter(([name]) => name.startsWith('val_')));
      draw((epoch + 1) * params.steps, logs, params);
    },
  };
  const stop = () => {
    if (shown) line.stop();
    shown = false;
  };
  const stage = (text: string) => {
    stop();
    stream.write(`${text}\n`);
  };
  return { callback, stage, stop };
}

/** 'loss 0.1234  accuracy 0.9100' */
function numbers(logs: Logs): string {
  return Object.entries(logs)
    .map(([name, value]) => `${name} ${formatNumber(value)}`)
    .join('  ');
}
