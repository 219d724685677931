import { elements } from '../data/array.js';
import { lstmPath } from '../kernels/accelerate.js';
import * as tf from '../tf.js';
import { shapeText } from './stack.js';
import { type Call, callsOf, isBidirectional, isRecurrent, isWrapper } from './walk.js';

const header = ['Layer (type)', 'Output Shape', 'Param #', 'Path'];
const rightAligned = 2;
/** Keras's columns on a terminal of 80 characters, without their frames. */
const leastWidths = [31, 22, 13, 4];

/**
 * The table that Keras 3's `model.summary()` prints, with one column more: which code runs each layer.
 * 'engine' is memcell's, for a whole model; without it, 'fused kernel' is memcell's for one layer, and 'tfjs: …' says why a
 * recurrent layer runs on TensorFlow.js. A model with branches has Keras's column of what each layer is connected to.
 */
export function summaryText(model: tf.LayersModel, { engine = false }: { engine?: boolean } = {}): string {
  const calls = model instanceof tf.Sequential ? undefined : callsOf(model);
  const branches = calls && !isStack(calls);
  const titles = branches ? [...header.slice(0, 3), 'Connected to', ...header.slice(3)] : header;
  const least = branches ? [...leastWidths.slice(0, 3), 12, ...leastWidths.slice(3)] : leastWidths;
  const rows = model.layers.map((layer) => [
    [`${layer.name} (${layer.getClassName()})`],
    shapesText(outputShapesOf(layer)),
    [grouped(countOf(layer.weights))],
    ...(branches ? [connections(calls, layer)] : []),
    [engine ? 'engine' : pathText(layer)],
  ]);
  const widths = titles.map((title, column) =>
    Math.max(least[column], title.length, ...rows.flatMap((row) => row[column].map(({ length }) => length))),
  );
  const line = (left: string, fill: string, middle: string, right: string) =>
    left + widths.map((width) => fill.repeat(width + 2)).join(middle) + right;
  const row = (cells: string[], bar: string) => {
    const padded = cells.map((cell, column) =>
      column === rightAligned ? cell.padStart(widths[column]) : cell.padEnd(widths[column]),
    );
    return `${bar} ${padded.join(` ${bar} `)} ${bar}`;
  };
  /** As many lines as the longest cell has. */
  const lines = (cells: string[][], bar: string) =>
    Array.from({ length: Math.max(...cells.map(({ length }) => length)) }, (_, i) =>
      row(
        cells.map((cell) => cell[i] ?? ''),
        bar,
      ),
    ).join('\n');
  return [
    `Model: "${model.name}"`,
    line('┏', '━', '┳', '┓'),
    row(titles, '┃'),
    line('┡', '━', '╇', '┩'),
    rows.map((cells) => lines(cells, '│')).join(`\n${line('├', '─', '┼', '┤')}\n`),
    line('└', '─', '┴', '┘'),
    total(' Total params', model.weights),
    total(' Trainable params', model.trainableWeights),
    total(' Non-trainable params', model.nonTrainableWeights),
  ].join('\n');
}

/** Which code runs a layer: 'fused kernel', or 'tfjs' and, for recurrent layers, why. */
function pathText(layer: tf.layers.Layer): string {
  const inner = isBidirectional(layer) || isWrapper(layer) ? layer.layer : layer;
  if (!isRecurrent(inner)) return 'tfjs';
  const { path, reason } = lstmPath(layer);
  return path === 'fused' ? 'fused kernel' : `tfjs: ${reason.replace('hardSigmoidKeras3', 'hardSigmoid')}`;
}

/** Whether each call takes all that the one before it gives. */
function isStack(calls: readonly Call[]): boolean {
  return calls.every(({ inputTensors, outputTensors, outboundLayer }, i) => {
    const before = calls[i - 1]?.outputTensors ?? inputTensors;
    const again = calls.some((call, other) => other !== i && call.outboundLayer === outboundLayer);
    return !again && inputTensors.length === 1 && inputTensors[0] === before[0] && outputTensors.length === 1;
  });
}

/** What a layer's inputs are, by layer, which of its calls, and which of what that gives: lstm[0][1], as in Keras. */
function connections(calls: readonly Call[], layer: tf.layers.Layer): string[] {
  const texts = calls
    .filter(({ outboundLayer }) => outboundLayer === layer)
    .flatMap(({ inputTensors }) => inputTensors)
    .map((tensor) => {
      const { sourceLayer } = tensor;
      const own = calls.filter(({ outboundLayer }) => outboundLayer === sourceLayer);
      const call = own.findIndex(({ outputTensors }) => outputTensors.includes(tensor));
      const output = own[call]?.outputTensors.indexOf(tensor) ?? 0;
      return `${sourceLayer.name}[${Math.max(call, 0)}][${output}]`;
    });
  return texts.length === 0 ? ['-'] : texts;
}

/** Of the first call where they differ. */
function outputShapesOf(layer: tf.layers.Layer): tf.Shape | tf.Shape[] {
  const [first] = layer.inboundNodes;
  return first?.outputShapes ?? layer.outputShape;
}

/** A line each. */
function shapesText(shape: tf.Shape | tf.Shape[]): string[] {
  return Array.isArray(shape[0]) ? (shape as tf.Shape[]).map(shapeText) : [shapeText(shape as tf.Shape)];
}

function countOf(weights: tf.LayerVariable[]): number {
  return weights.reduce((sum, { shape }) => sum + elements(shape.map(Number)), 0);
}

function total(what: string, weights: tf.LayerVariable[]): string {
  const count = countOf(weights);
  return `${what}: ${grouped(count)} (${memoryText(4 * count)})`;
}

/** 12345 → '12,345' */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

function memoryText(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB'];
  let unit = 0;
  for (; bytes >= 1024 && unit < units.length - 1; unit++) bytes /= 1024;
  return `${bytes.toFixed(2)} ${units[unit]}`;
}
