/** Additive scores Σ c∘tanh(query + key) of a tile (Bahdanau et al. 2015), and their gradients. */
import { EXP_MAX, EXP_MIN, expWith, LN2_HIGH, LN2_LOW, LOG2E, Q0, Q1, Q2, Q3, ROUND } from '../elementwise/exp';
import { constant, laneSum } from '../elementwise/vector';
import { TILE_ROW } from './job';

/** tanh x = 1 − 2/(1 + e^2x) */
@inline
function tanhWith(
  x: v128, min: v128, max: v128, log2e: v128, round: v128, high: v128, low: v128,
  q0: v128, q1: v128, q2: v128, q3: v128, one: v128, two: v128,
): v128 {
  const e = expWith(f32x4.add(x, x), min, max, log2e, round, high, low, q0, q1, q2, q3, one);
  return f32x4.sub(one, f32x4.div(two, f32x4.add(one, e)));
}

/** One query beside the 16 keys of a panel, rows of which are features: 16 scores to `to`. */
function scorePanel(features: i32, query: usize, panel: usize, coefficients: usize, to: usize): void {
  const z = features >> 31;
  const one = constant(1, z), min = constant(EXP_MIN, z), max = constant(EXP_MAX, z), two = constant(2, z);
  const log2e = constant(LOG2E, z), round = constant(ROUND, z), high = constant(LN2_HIGH, z), low = constant(LN2_LOW, z);
  const q0 = constant(Q0, z), q1 = constant(Q1, z), q2 = constant(Q2, z), q3 = constant(Q3, z);
  for (let lanes: usize = 0; lanes < 64; lanes += 16) {
    let sum = f32x4.splat(0);
    for (let i = 0; i < features; ++i) {
      const at = (<usize>i) << 2;
      const x = f32x4.add(v128.load32_splat(query + at), v128.load(panel + lanes + ((<usize>i) << 6)));
      const y = tanhWith(x, min, max, log2e, round, high, low, q0, q1, q2, q3, one, two);
      sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(coefficients + at), y));
    }
    v128.store(to + lanes, sum);
  }
}

/** Scores of `rows` queries, `width` bytes apart, and `panels` panels of keys, `width`·16 bytes apart, to a tile. */
export function additiveScores(
  rows: i32, panels: i32, features: i32, query: usize, width: usize, keys: usize, coefficients: usize, tile: usize,
): void {
  for (let row = 0; row < rows; ++row) {
    for (let p = 0; p < panels; ++p) {
      scorePanel(features, query, keys + <usize>p * (width << 4), coefficients, tile + ((<usize>p) << 6));
    }
    query += width;
    tile += TILE_ROW;
  }
}

/**
 * One feature of a query and 16 keys a panel, with the gradients of their scores: adds to the feature's gradients of query and
 * coefficient, a float each, and of the keys.
 */
function featureGradients(
  panels: i32, x: f32, coefficient: f32, keys: usize, panelBytes: usize, d: usize,
  dQuery: usize, dCoefficient: usize, dKeys: usize,
): void {
  const z = panels >> 31;
  const one = constant(1, z), min = constant(EXP_MIN, z), max = constant(EXP_MAX, z), two = constant(2, z);
  const log2e = constant(LOG2E, z), round = constant(ROUND, z), high = constant(LN2_HIGH, z), low = constant(LN2_LOW, z);
  const q0 = constant(Q0, z), q1 = constant(Q1, z), q2 = constant(Q2, z), q3 = constant(Q3, z);
  const query = f32x4.splat(x), c = f32x4.splat(coefficient);
  let ofQuery = f32x4.splat(0), ofCoefficient = ofQuery;
  for (let p = 0; p < panels; ++p) {
    for (let lanes: usize = 0; lanes < 64; lanes += 16) {
      const y = tanhWith(
        f32x4.add(query, v128.load(keys + lanes)), min, max, log2e, round, high, low, q0, q1, q2, q3, one, two,
      );
      const g = v128.load(d + lanes);
      ofCoefficient = f32x4.add(ofCoefficient, f32x4.mul(g, y));
      const slope = f32x4.mul(f32x4.mul(g, c), f32x4.sub(one, f32x4.mul(y, y)));
      ofQuery = f32x4.add(ofQuery, slope);
      v128.store(dKeys + lanes, f32x4.add(v128.load(dKeys + lanes), slope));
    }
    keys += panelBytes;
    dKeys += panelBytes;
    d += 64;
  }
  store<f32>(dQuery, load<f32>(dQuery) + laneSum(ofQuery));
  store<f32>(dCoefficient, load<f32>(dCoefficient) + laneSum(ofCoefficient));
}

/** Adds to dQuery, dKeys (laid out as query and keys) and dCoefficients what a tile of scores' gradients gives. */
export function additiveGradients(
  rows: i32, panels: i32, features: i32, query: usize, width: usize, keys: usize, coefficients: usize, dTile: usize,
  dQuery: usize, dKeys: usize, dCoefficients: usize,
): void {
  for (let row = 0; row < rows; ++row) {
    for (let i = 0; i < features; ++i) {
      const at = (<usize>i) << 2;
      const line = (<usize>i) << 6;
      featureGradients(
        panels, load<f32>(query + at), load<f32>(coefficients + at), keys + line, width << 4, dTile,
        dQuery + at, dCoefficients + at, dKeys + line,
      );
    }
    query += width;
    dQuery += width;
    dTile += TILE_ROW;
  }
}
