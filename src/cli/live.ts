/** `memcell train --live`: what the page is told while a model is trained. */
import { formatDuration, formatNumber } from '../format.js';
import type { LiveState } from '../report/live.js';
import type { TaskKind } from '../tasks/settings.js';
import type { Callback } from '../training/callbacks.js';
import type { Logs } from '../training/history.js';
import type { LiveAddress } from './liveAddress.js';
import { isLoopback, serveLive } from './liveServer.js';

export interface Live {
  url: string;
  /** Who may reach it beside this machine, where others may. */
  warning?: string;
  callback: Callback;
  stage(text: string): void;
  /** Says that training ends after this batch. */
  stopping(): void;
  /** Hands the report to the pages that are open, and ends the server. */
  ended(report: string): Promise<void>;
  failed(message: string): Promise<void>;
}

export interface LiveTraining {
  title: string;
  kind: TaskKind;
  /** What the stop button does. */
  onStop(): void;
  note(text: string): void;
}

/** Milliseconds between two states. */
const stateMs = 250;

/** Curves are drawn once a second at most, and for at most a twentieth of the time. */
const [curvesMs, curvesShare] = [1000, 20];

/** @throws MemcellError (io) where it cannot be served */
export async function startLive(address: LiveAddress, training: LiveTraining): Promise<Live> {
  const { liveCurves, livePage, liveScripts } = await import('../report/live.js');
  const { title, kind, onStop, note } = training;
  const stages: LiveState['stages'] = [];
  let fit: Omit<LiveState, 'stages'> = {};
  let stopping = false;
  let history: Record<string, number[]> = {};
  let validation: Logs = {};
  let [startedAt, toldAt] = [0, 0];
  const curves = { at: Number.NEGATIVE_INFINITY, took: 0, changed: false };
  const server = await serveLive(address, {
    page: (token) => livePage(title, token),
    scripts: liveScripts,
    onOpened: () => void drawCurves(),
    onStop: () => {
      if (!stopping) onStop();
    },
  });
  const tell = () => {
    toldAt = performance.now();
    server.send('state', { stages, ...fit, ...(stopping && { stopping }) });
  };
  const drawCurves = async () => {
    const now = performance.now();
    const wait = Math.max(curvesMs, curvesShare * curves.took);
    if (!curves.changed || !server.watched || now - curves.at < wait) return;
    Object.assign(curves, { at: now, changed: false });
    try {
      server.send('curves', await liveCurves(history, kind));
    } catch (error) {
      // Nobody loses a training to its picture.
      note(`warning: the curves of --live cannot be drawn: ${error instanceof Error ? error.message : error}`);
      curves.at = Number.POSITIVE_INFINITY;
    }
    curves.took = performance.now() - now;
  };
  const seen = (done: number, of: number, logs: Logs) => {
    const numbers = Object.entries({ ...logs, ...validation }).map(([name, value]) => `${name} ${formatNumber(value)}`);
    const left = formatDuration(((performance.now() - startedAt) / 1000 / done) * (of - done));
    fit = { ...fit, share: done / of, numbers: numbers.join('  '), left };
    tell();
  };
  const callback: Callback = {
    onTrainBegin: ({ params, optimizer }) => {
      startedAt = performance.now();
      history = {};
      validation = {};
      fit = { epoch: 1, epochs: params.epochs, share: 0, learningRate: rateText(optimizer.learningRate) };
      tell();
    },
    onEpochBegin: (epoch, { optimizer }) => {
      fit = { ...fit, epoch: epoch + 1, learningRate: rateText(optimizer.learningRate) };
    },
    onBatchEnd: (batch, logs, { params: { epochs, steps } }) => {
      if (performance.now() - toldAt < stateMs) return;
      seen(((fit.epoch ?? 1) - 1) * steps + batch + 1, epochs * steps, logs);
    },
    onEpochEnd: async (epoch, logs, { params: { epochs, steps }, optimizer }) => {
      for (const [key, value] of Object.entries({ ...logs, learning_rate: optimizer.learningRate })) {
        history[key] ??= [];
        history[key].push(value);
      }
      validation = Object.fromEntries(Object.entries(logs).filter(([name]) => name.startsWith('val_')));
      curves.changed = true;
      if (performance.now() - toldAt >= stateMs || epoch + 1 === epochs)
        seen((epoch + 1) * steps, epochs * steps, logs);
      await drawCurves();
    },
  };
  const { url } = server;
  return {
    url,
    ...(!isLoopback(address.host) && { warning: `whoever reaches ${url} sees the training and can stop it` }),
    callback,
    stage: (text) => {
      stages.push({ text, at: Date.now() });
      fit = {};
      tell();
    },
    stopping: () => {
      stopping = true;
      tell();
    },
    ended: (report) => server.end('ended', report),
    failed: (message) => server.end('failed', message),
  };
}

function rateText(rate: number): string {
  return String(Number(rate.toPrecision(4)));
}
