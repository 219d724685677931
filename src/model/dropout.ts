/**
 * Seeded dropout. tfjs draws its masks from Math.random or, with a layer's `seed`, the same mask at every step; here a mask
 * is a function of (seed, layer, step), so that a run can be repeated, resumed, and split over threads.
 */
import { type ComputedLayer, isComputed } from '../layers/computed.js';
import { type Draw, dropoutKey, dropoutMask } from '../random.js';
import * as tf from '../tf.js';
import { cellsWithPaths, everyLayer, isRecurrent, type LayerPath } from './walk.js';

interface DropoutLayer extends tf.layers.Layer {
  rate: number;
  noiseShape?: (number | null)[] | null;
}

/** The parts of a recurrent layer's cells that say what it drops; tfjs keeps the masks of a call here until the next. */
interface DroppingCell extends tf.layers.Layer {
  dropout: number;
  recurrentDropout: number;
  dropoutFunc?: (ones: tf.Tensor, rate: number) => tf.Tensor;
  dropoutMask: tf.Tensor | tf.Tensor[] | null;
  recurrentDropoutMask: tf.Tensor | tf.Tensor[] | null;
}

const drawOf = new WeakMap<tf.layers.Layer, Draw>();

/**
 * Sets which masks the next training step draws, in every Dropout layer and for every recurrent layer's dropout and
 * recurrentDropout. To be called before each step; a model it was never called for draws as tfjs does.
 */
export function seedDropout(model: tf.LayersModel, seed: number, step: number): void {
  for (const [layer, path] of everyLayer(model)) {
    if (isRecurrent(layer)) {
      for (const [cell, cellPath] of cellsWithPaths(layer, path))
        if (drops(cell)) drawing(cell, { seed, step }, (draw) => drawSeededInCell(cell, cellPath, draw));
    } else if (isComputed(layer)) {
      drawing(layer, { seed, step }, (draw) => drawSeededInComputed(layer, path, draw));
    } else if (isDropout(layer)) {
      drawing(layer, { seed, step }, (draw) => drawSeeded(layer, path, draw));
    }
  }
}

/** Sets what governs a layer's next masks, which `begin` makes it draw by, once. */
function drawing(layer: tf.layers.Layer, { seed, step }: Draw, begin: (draw: Draw) => void): void {
  const known = drawOf.get(layer);
  if (known) {
    known.seed = seed;
    known.step = step;
    return;
  }
  const draw = { seed, step };
  drawOf.set(layer, draw);
  begin(draw);
}

/** Frees the masks that tfjs's recurrent layers keep from one call to the next. */
export function releaseDropout(model: tf.LayersModel): void {
  for (const [layer, path] of everyLayer(model)) {
    if (!isRecurrent(layer)) continue;
    for (const [cell] of cellsWithPaths(layer, path)) {
      if (!drops(cell)) continue;
      for (const mask of [cell.dropoutMask, cell.recurrentDropoutMask]) if (mask) tf.dispose(mask);
      cell.dropoutMask = null;
      cell.recurrentDropoutMask = null;
    }
  }
}

function isDropout(layer: tf.layers.Layer): layer is DropoutLayer {
  return layer.getClassName() === 'Dropout';
}

function drops(cell: tf.layers.Layer): cell is DroppingCell {
  if (!('dropout' in cell)) return false;
  const { dropout, recurrentDropout } = cell as DroppingCell;
  return dropout > 0 || recurrentDropout > 0;
}

function drawSeeded(layer: DropoutLayer, path: LayerPath, draw: Draw): void {
  const noiseShape = (shape: number[]) => shape.map((size, axis) => layer.noiseShape?.[axis] ?? size);
  layer.call = (inputs, kwargs) => {
    const input = Array.isArray(inputs) ? inputs[0] : inputs;
    if (kwargs.training !== true || !(layer.rate > 0 && layer.rate < 1)) return input;
    return tf.tidy(() => tf.mul(input, maskTensor(noiseShape(input.shape), path, 'input', layer.rate, draw)));
  };
}

/**
 * tfjs asks a cell's dropoutFunc for the input's mask first and the state's after it, once for every gate, and uses
 * the first of each: so do the others repeat it.
 */
function drawSeededInCell(cell: DroppingCell, path: LayerPath, draw: Draw): void {
  cell.dropoutFunc = (ones, rate) => {
    const part = cell.dropout > 0 && cell.dropout < 1 && cell.dropoutMask == null ? 'input' : 'recurrent';
    return maskTensor(ones.shape, path, part, rate, draw);
  };
}

/** What a layer of memcell's own draws, in parts that it names itself. */
function drawSeededInComputed(layer: ComputedLayer, path: LayerPath, draw: Draw): void {
  layer.drawKey = (part) => dropoutKey(draw, path, part);
}

function maskTensor(
  shape: number[],
  path: LayerPath,
  part: 'input' | 'recurrent',
  rate: number,
  draw: Draw,
): tf.Tensor {
  const size = tf.util.sizeFromShape(shape);
  return tf.tensor(dropoutMask(dropoutKey(draw, path, part), size, rate), shape);
}
