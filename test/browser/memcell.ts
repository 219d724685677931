// The page of memcell: trains, predicts, loads over HTTP, saves. The test bundles it and calls run().
import * as tf from '@tensorflow/tfjs';
import { Dense, LSTM, loadModel, MemcellError, Sequential } from 'memcell';

export interface MemcellPage {
  backend: string;
  engine: { kind: string; why?: string };
  losses: number[];
  predicted: number[][];
  counted: number[];
  /** The digits model's probabilities for the ten scaled digits. */
  probabilities: number[][];
  /** Of the small model, saved to IndexedDB and loaded again. */
  stored: number[][];
  metadata: Record<string, unknown>;
  /** What saving to a folder and loading what is not there say. */
  refusals: { memcell: boolean; message: string }[];
}

const digits = Array.from({ length: 10 }, (_, digit) => [[digit / 9]]);

async function refusal(job: () => Promise<unknown>) {
  const error: unknown = await job().then(
    () => undefined,
    (reason) => reason,
  );
  return { memcell: error instanceof MemcellError, message: String(error instanceof Error ? error.message : error) };
}

async function run(): Promise<MemcellPage> {
  const model = new Sequential([LSTM(8), Dense(1)], { inputShape: [4, 1], seed: 1 });
  model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
  const x = Array.from({ length: 64 }, (_, i) => Array.from({ length: 4 }, (_, t) => [Math.sin((i + t) / 5)]));
  const y = Array.from({ length: 64 }, (_, i) => [Math.sin((i + 4) / 5)]);
  const { history } = await model.fit(x, y, { epochs: 20, batchSize: 16, seed: 1, verbose: 0 });
  const predicted = await model.predict(x.slice(0, 3));

  model.metadata = { window: 4 };
  await model.save('indexeddb://small');
  const again = await loadModel('indexeddb://small');
  const stored = await again.predict(x.slice(0, 3));

  const counting = await loadModel(new URL('/models/digits/model.json', location.href).href);
  const probabilities = await counting.predict(digits);
  const counted = [0];
  while (counted.length < 20) {
    const [row] = await counting.predict([digits[counted[counted.length - 1]]]);
    counted.push(row.indexOf(Math.max(...row)));
  }
  const refusals = [
    await refusal(() => model.save('folder')),
    await refusal(() => loadModel('/models/missing')),
    await refusal(() => model.predict([[[Number.NaN], [0], [0], [0]]])),
  ];
  return {
    backend: tf.getBackend(),
    engine: model.engine,
    losses: history.loss,
    predicted,
    counted,
    probabilities,
    stored,
    metadata: again.metadata,
    refusals,
  };
}

Object.assign(globalThis, { run });
