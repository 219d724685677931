import { elements } from '../data/array.js';
import { lstmPath } from '../kernels/accelerate.js';
import type * as tf from '../tf.js';
import { shapeText } from './stack.js';
import { isBidirectional, isRecurrent, isWrapper } from './walk.js';

const header = ['Layer (type)', 'Output Shape', 'Param #', 'Path'];
const rightAligned = 2;
/** Keras's columns on a terminal of 80 characters, without their frames. */
const leastWidths = [31, 22, 13, 4];

/**
 * The table that Keras 3's `model.summary()` prints, with one column more: which code runs each layer.
 * 'engine' is memcell's, for a whole model; without it, 'fused kernel' is memcell's for one layer, and 'tfjs: …' says why a
 * recurrent layer runs on TensorFlow.js.
 */
export function summaryText(model: tf.LayersModel, { engine = false }: { engine?: boolean } = {}): string {
  const rows = model.layers.map((layer) => [
    `${layer.name} (${layer.getClassName()})`,
    shapesText(layer.outputShape),
    grouped(countOf(layer.weights)),
    engine ? 'engine' : pathText(layer),
  ]);
  const widths = header.map((title, column) =>
    Math.max(leastWidths[column], title.length, ...rows.map((row) => row[column].length)),
  );
  const line = (left: string, fill: string, middle: string, right: string) =>
    left + widths.map((width) => fill.repeat(width + 2)).join(middle) + right;
  const row = (cells: string[], bar: string) => {
    const padded = cells.map((cell, column) =>
      column === rightAligned ? cell.padStart(widths[column]) : cell.padEnd(widths[column]),
    );
    return `${bar} ${padded.join(` ${bar} `)} ${bar}`;
  };
  return [
    `Model: "${model.name}"`,
    line('┏', '━', '┳', '┓'),
    row(header, '┃'),
    line('┡', '━', '╇', '┩'),
    rows.map((cells) => row(cells, '│')).join(`\n${line('├', '─', '┼', '┤')}\n`),
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

function shapesText(shape: tf.Shape | tf.Shape[]): string {
  return Array.isArray(shape[0]) ? (shape as tf.Shape[]).map(shapeText).join(', ') : shapeText(shape as tf.Shape);
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
