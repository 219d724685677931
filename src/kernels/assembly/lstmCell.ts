/** The LSTM's gate functions and their gradients, for 8 units of several rows at a time; cell states to and from their rows. */
import { sigmoidWith, tanhWith } from './activations';
import { activateGroups, slopeGroups } from './cellActivations';
import { copyRow } from './rows';
import { madd } from './tiles';

/** Bytes of a group of 8 units in a row of gates, i8 f8 g8 o8 c8 tanh(c)8, and where the cell state lies in it. */
export const GROUP: usize = 192;
export const CELL: usize = 128;

/**
 * The gate functions for 8 units of m rows: s holds W·[h, x] + b, and gets the activated gates, c and tanh(c); the state before
 * lies `back` bytes before. The new h goes to rows of h.
 */
export function cell(m: i32, s: usize, sRow: usize, back: usize, h: usize, hRow: usize, table: usize): void {
  // In two passes: a processor sees ahead over one activation at a time, not over tanh(c) behind the gates.
  openCell(m, s, sRow, back, table);
  closeCell(m, s, sRow, h, hRow, table);
}

/** i, f, g and c */
function openCell(m: i32, s: usize, sRow: usize, back: usize, table: usize): void {
  const one = v128.load32_splat(table), sig = v128.load32_splat(table, 4), tan = v128.load32_splat(table, 8);
  const high = v128.load32_splat(table, 12), low = v128.load32_splat(table, 16), magic = v128.load32_splat(table, 20);
  const p4 = v128.load32_splat(table, 24), p3 = v128.load32_splat(table, 28), p2 = v128.load32_splat(table, 32);
  const p1 = v128.load32_splat(table, 36), p0 = v128.load32_splat(table, 40);
  for (; m > 0; --m) {
    const i0 = sigmoidWith(v128.load(s), one, sig, high, low, magic, p4, p3, p2, p1, p0);
    const i1 = sigmoidWith(v128.load(s, 16), one, sig, high, low, magic, p4, p3, p2, p1, p0);
    v128.store(s, i0);
    v128.store(s, i1, 16);
    const g0 = tanhWith(v128.load(s, 64), one, tan, high, low, magic, p4, p3, p2, p1, p0);
    const g1 = tanhWith(v128.load(s, 80), one, tan, high, low, magic, p4, p3, p2, p1, p0);
    v128.store(s, g0, 64);
    v128.store(s, g1, 80);
    const f0 = sigmoidWith(v128.load(s, 32), one, sig, high, low, magic, p4, p3, p2, p1, p0);
    const f1 = sigmoidWith(v128.load(s, 48), one, sig, high, low, magic, p4, p3, p2, p1, p0);
    v128.store(s, f0, 32);
    v128.store(s, f1, 48);
    const before = s - back;
    const c0 = madd(f0, v128.load(before, CELL), f32x4.mul(i0, g0));
    const c1 = madd(f1, v128.load(before, CELL + 16), f32x4.mul(i1, g1));
    v128.store(s, c0, CELL);
    v128.store(s, c1, CELL + 16);
    s += sRow;
  }
}

/** o, tanh(c) and h */
function closeCell(m: i32, s: usize, sRow: usize, h: usize, hRow: usize, table: usize): void {
  const one = v128.load32_splat(table), sig = v128.load32_splat(table, 4), tan = v128.load32_splat(table, 8);
  const high = v128.load32_splat(table, 12), low = v128.load32_splat(table, 16), magic = v128.load32_splat(table, 20);
  const p4 = v128.load32_splat(table, 24), p3 = v128.load32_splat(table, 28), p2 = v128.load32_splat(table, 32);
  const p1 = v128.load32_splat(table, 36), p0 = v128.load32_splat(table, 40);
  for (; m > 0; --m) {
    const o0 = sigmoidWith(v128.load(s, 96), one, sig, high, low, magic, p4, p3, p2, p1, p0);
    const o1 = sigmoidWith(v128.load(s, 112), one, sig, high, low, magic, p4, p3, p2, p1, p0);
    v128.store(s, o0, 96);
    v128.store(s, o1, 112);
    const t0 = tanhWith(v128.load(s, CELL), one, tan, high, low, magic, p4, p3, p2, p1, p0);
    const t1 = tanhWith(v128.load(s, CELL + 16), one, tan, high, low, magic, p4, p3, p2, p1, p0);
    v128.store(s, t0, 160);
    v128.store(s, t1, 176);
    v128.store(h, f32x4.mul(o0, t0));
    v128.store(h, f32x4.mul(o1, t1), 16);
    s += sRow;
    h += hRow;
  }
}

/** The cell states of a row of gates from (P) floats, or back. */
export function scatterCell(gates: usize, from: usize, groups: i32): void {
  for (; groups > 0; --groups) {
    v128.store(gates, v128.load(from), CELL);
    v128.store(gates, v128.load(from, 16), CELL + 16);
    gates += GROUP;
    from += 32;
  }
}

export function gatherCell(to: usize, gates: usize, units: i32): void {
  for (; units > 0; units -= 8) {
    copyRow(to, gates + CELL, min(units, 8));
    gates += GROUP;
    to += 32;
  }
}

/**
 * Gradients of 8 units of m rows through the gate functions:
 *
 *     dc += dh·o·(1 - tanh²c)   do = dh·tanh(c)·o(1-o)   di = dc·g·i(1-i)   df = dc·c₋₁·f(1-f)   dg = dc·i·(1-g²)   dc₋₁ = dc·f
 *
 * di df dg do go to rows of dGates and, two by two, to rows of the panels p and q. Lanes of dh whose bits at `keep` are zeros count as zero.
 */
export function cellBackward(
  m: i32,
  s: usize,
  sRow: usize,
  back: usize,
  dh: usize,
  dhRow: usize,
  dc: usize,
  dcRow: usize,
  dGates: usize,
  dGatesRow: usize,
  p: usize,
  q: usize,
  panelRow: usize,
  keep: usize,
  table: usize,
): void {
  for (; m > 0; --m) {
    const one = v128.load32_splat(table);
    const dh0 = v128.and(v128.load(dh), v128.load(keep));
    const dh1 = v128.and(v128.load(dh, 16), v128.load(keep, 16));
    const t0 = v128.load(s, 160);
    const t1 = v128.load(s, 176);
    const o0 = v128.load(s, 96);
    const o1 = v128.load(s, 112);
    const ho0 = f32x4.mul(dh0, o0);
    const ho1 = f32x4.mul(dh1, o1);
    const do0 = f32x4.mul(f32x4.mul(ho0, t0), f32x4.sub(one, o0));
    const do1 = f32x4.mul(f32x4.mul(ho1, t1), f32x4.sub(one, o1));
    v128.store(dGates, do0, 96);
    v128.store(dGates, do1, 112);
    v128.store(q, do0, 32);
    v128.store(q, do1, 48);
    const dc0 = f32x4.add(v128.load(dc), f32x4.mul(ho0, f32x4.sub(one, f32x4.mul(t0, t0))));
    const dc1 = f32x4.add(v128.load(dc, 16), f32x4.mul(ho1, f32x4.sub(one, f32x4.mul(t1, t1))));
    const f0 = v128.load(s, 32);
    const f1 = v128.load(s, 48);
    const cf0 = f32x4.mul(dc0, f0);
    const cf1 = f32x4.mul(dc1, f1);
    v128.store(dc, cf0);
    v128.store(dc, cf1, 16);
    const before = s - back;
    const df0 = f32x4.mul(f32x4.mul(cf0, v128.load(before, 128)), f32x4.sub(one, f0));
    const df1 = f32x4.mul(f32x4.mul(cf1, v128.load(before, 144)), f32x4.sub(one, f1));
    v128.store(dGates, df0, 32);
    v128.store(dGates, df1, 48);
    v128.store(p, df0, 32);
    v128.store(p, df1, 48);
    const i0 = v128.load(s);
    const i1 = v128.load(s, 16);
    const g0 = v128.load(s, 64);
    const g1 = v128.load(s, 80);
    const ci0 = f32x4.mul(dc0, i0);
    const ci1 = f32x4.mul(dc1, i1);
    const di0 = f32x4.mul(f32x4.mul(ci0, g0), f32x4.sub(one, i0));
    const di1 = f32x4.mul(f32x4.mul(ci1, g1), f32x4.sub(one, i1));
    v128.store(dGates, di0);
    v128.store(dGates, di1, 16);
    v128.store(p, di0);
    v128.store(p, di1, 16);
    const dg0 = f32x4.mul(ci0, f32x4.sub(one, f32x4.mul(g0, g0)));
    const dg1 = f32x4.mul(ci1, f32x4.sub(one, f32x4.mul(g1, g1)));
    v128.store(dGates, dg0, 64);
    v128.store(dGates, dg1, 80);
    v128.store(q, dg0);
    v128.store(q, dg1, 16);
    s += sRow;
    dh += dhRow;
    dc += dcRow;
    dGates += dGatesRow;
    p += panelRow;
    q += panelRow;
  }
}

/** cell() with any activations, f and of the gates, for all groups of one row; with `inputs`, what they are applied to goes there. */
export function anyCell(f: i32, gate: i32, groups: i32, units: i32, s: usize, back: usize, inputs: usize, h: usize): void {
  if (inputs) copyRow(inputs, s, groups * 48);
  activateGroups(gate, s, s, GROUP, 16, groups, 8, units);
  activateGroups(f, s + 64, s + 64, GROUP, 8, groups, 8, units);
  activateGroups(gate, s + 96, s + 96, GROUP, 8, groups, 8, units);
  let row = s;
  for (let group = 0; group < groups; ++group) {
    for (let i: usize = 0; i < 32; i += 16) {
      const kept = f32x4.mul(v128.load(row + i, 32), v128.load(row + i - back, CELL));
      v128.store(row + i, f32x4.add(kept, f32x4.mul(v128.load(row + i), v128.load(row + i, 64))), CELL);
    }
    row += GROUP;
  }
  activateGroups(f, s + CELL, s + CELL + 32, GROUP, 8, groups, 8, units);
  for (let group = 0; group < groups; ++group) {
    for (let i: usize = 0; i < 32; i += 16) v128.store(h + i, f32x4.mul(v128.load(s + i, 96), v128.load(s + i, CELL + 32)));
    s += GROUP;
    h += 32;
  }
}

/** cellBackward() with any activations for all groups of one row; lanes of dh beyond the units are zeros. */
export function anyCellBackward(
  f: i32, gate: i32, groups: i32, units: i32, s: usize, back: usize, inputs: usize, dh: usize, dc: usize, dGates: usize,
): void {
  let row = s;
  let d = dGates;
  for (let group = 0; group < groups; ++group) {
    for (let i: usize = 0; i < 32; i += 16) {
      const g = v128.load(dh + i);
      v128.store(d + i, f32x4.mul(g, v128.load(row + i, 96)), 64);
      v128.store(d + i, f32x4.mul(g, v128.load(row + i, CELL + 32)), 96);
    }
    row += GROUP;
    d += 128;
    dh += 32;
  }
  slopeGroups(f, s + CELL, s + CELL + 32, GROUP, dGates + 64, 128, 8, groups, 8, units);
  row = s;
  d = dGates;
  for (let group = 0; group < groups; ++group) {
    for (let i: usize = 0; i < 32; i += 16) {
      const g = f32x4.add(v128.load(dc + i), v128.load(d + i, 64));
      v128.store(d + i, f32x4.mul(g, v128.load(row + i, 64)));
      v128.store(d + i, f32x4.mul(g, v128.load(row + i - back, CELL)), 32);
      v128.store(d + i, f32x4.mul(g, v128.load(row + i)), 64);
      v128.store(dc + i, f32x4.mul(g, v128.load(row + i, 32)));
    }
    row += GROUP;
    d += 128;
    dc += 32;
  }
  slopeGroups(gate, inputs, s, GROUP, dGates, 128, 16, groups, 8, units);
  slopeGroups(f, inputs + 64, s + 64, GROUP, dGates + 64, 128, 8, groups, 8, units);
  slopeGroups(gate, inputs + 96, s + 96, GROUP, dGates + 96, 128, 8, groups, 8, units);
}
