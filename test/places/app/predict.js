// A page that only predicts. run() is called on Node and in the page, each with where the model is for it.
import { loadPredictor } from 'memcell/predict';

const x = { data: Float32Array.from({ length: 120 }, (_, i) => Math.sin(i)), shape: [1, 30, 4] };

export async function run(from) {
  const model = await loadPredictor(from);
  const { data } = await model.predict(x);
  model.dispose();
  return [...data];
}

globalThis.run = () => run(new URL('model', globalThis.location?.href ?? 'file:///').href);
