// The types of the packed package, as a program uses them.
import { Dense, EarlyStopping, type ForecastModel, forecast, LSTM, MemcellError, Sequential } from 'memcell';

const model: Sequential = new Sequential([LSTM(8), Dense(1)], { inputShape: [4, 1], seed: 1 });
model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
const { history } = await model.fit([[[0], [1], [2], [3]]], [[4]], { epochs: 1, callbacks: [new EarlyStopping()] });
export const losses: number[] = history.loss;
export const predicted: ForecastModel = await forecast('wave.csv', { target: 'value', epochs: 2 });
export const next: string = (await predicted.predict('wave.csv'))[0].time ?? '';
export const isOurs = (error: unknown): boolean => error instanceof MemcellError;
// @ts-expect-error: no such loss
model.compile({ optimizer: 'adam', loss: 12 });
