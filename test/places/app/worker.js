// A worker of Cloudflare's, where WebAssembly may not be compiled: tfjs runs the model.
import { Dense, LSTM, Sequential } from 'memcell';

async function answer() {
  const x = Array.from({ length: 32 }, (_, i) => [[Math.sin(i)], [Math.cos(i)]]);
  const y = x.map(([[a], [b]]) => [a * b]);
  const model = new Sequential([LSTM(8), Dense(1)], { inputShape: [2, 1], seed: 1 });
  model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
  const { history } = await model.fit(x, y, { epochs: 5, seed: 1, verbose: 0 });
  return { engine: model.engine, losses: history.loss, predicted: await model.predict(x.slice(0, 2)) };
}

export default {
  fetch: () =>
    answer().then(
      (value) => Response.json(value),
      (error) => Response.json({ error: String(error.stack) }),
    ),
};
