/**
 * The program memcell grew from, working: learn to count round 0…9 and feed the answers back in.
 *
 * As printed, in Python:
 *
 *     model = Sequential(); model.add(LSTM(50, input_shape=(1, 1))); model.add(Dense(10, activation='softmax'))
 *     model.compile(optimizer='adam', loss='categorical_crossentropy', metrics=['accuracy'])
 *     model.fit(X_train, y_train, epochs=100, batch_size=1)
 *
 * and it had three bugs, mended here:
 * 1. `X_train` is never defined. Here it is made from the sequence, below.
 * 2. `generate_sequence` runs past the end of its sequence: the last symbol has no next one. Here the last input is the
 *    last but one symbol.
 * 3. `X / np.amax(X)` on a single number divides it by itself, so every input becomes 1. Here every input is divided by
 *    the largest symbol of the whole sequence.
 */
import { Dense, LSTM, loadModel, Sequential } from 'memcell';

const symbols = 10;
const folder = '.memcell/digits';

// 0…9 ten times over, and the 0 that follows: 100 samples, each a symbol and the next one.
const sequence = Array.from({ length: 10 * symbols + 1 }, (_, i) => i % symbols);

/** A symbol as an input of one step with one number, (1, 1), scaled to [0, 1]. */
const scaled = (symbol: number) => [[symbol / (symbols - 1)]];
const oneHot = (symbol: number) => Array.from({ length: symbols }, (_, k) => Number(k === symbol));

const xTrain = sequence.slice(0, -1).map(scaled);
const yTrain = sequence.slice(1).map(oneHot);

/** Feeds argmax(model.predict(x)) back in, `length` times. */
async function predictSequence(model: Sequential, start: number, length: number): Promise<number[]> {
  const predicted = [start];
  for (let i = 0; i < length; i++) {
    const [probabilities] = (await model.predict([scaled(predicted[i])])) as number[][];
    predicted.push(probabilities.indexOf(Math.max(...probabilities)));
  }
  return predicted;
}

const model = new Sequential();
model.add(LSTM(50, { inputShape: [1, 1] }));
model.add(Dense(symbols, 'softmax'));
model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
model.summary();

await model.fit(xTrain, yTrain, {
  epochs: 100,
  batchSize: 1,
  seed: 7,
  verbose: 0,
  callbacks: [
    {
      onEpochEnd(epoch, { loss, accuracy }) {
        if ((epoch + 1) % 10 === 0) {
          console.log(`epoch ${epoch + 1}: loss ${loss.toFixed(4)}, accuracy ${accuracy.toFixed(2)}`);
        }
      },
    },
  ],
});

await model.save(folder);
model.dispose();

const again = await loadModel(folder);
const counted = await predictSequence(again, 0, 20);
console.log(`saved in ${folder}, loaded again, fed its own answers: ${counted.join(' ')}`);
