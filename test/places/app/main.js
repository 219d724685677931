// What a page does with memcell: trains on the engine, streams, and runs a model of tfjs.
import { Dense, LSTM, Sequential } from 'memcell';

export async function run() {
  const x = Array.from({ length: 32 }, (_, i) => [[Math.sin(i)], [Math.cos(i)]]);
  const y = x.map(([[a], [b]]) => [a * b]);
  const losses = {};
  for (const engine of [undefined, 'tfjs']) {
    const model = new Sequential([LSTM(8), Dense(1)], { inputShape: [2, 1], seed: 1 });
    model.compile({ optimizer: 'adam', loss: 'meanSquaredError', ...(engine ? { engine } : {}) });
    const { history } = await model.fit(x, y, { epochs: 5, seed: 1, verbose: 0 });
    losses[model.engine.kind] = history.loss;
    if (!engine) losses.streamed = model.stream().push(0.5);
  }
  return losses;
}

if (typeof window !== 'undefined') window.run = run;
