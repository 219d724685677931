/**
 * Convolutions over the steps of a sequence as matrix products without unfolded copies. Steps are laid out so that a window
 * of K steps is K·I floats one after the other, and the window of the next output stride·I floats later: for each batch
 * entry, group of channels and phase the positions phase, phase + dilation, … of the padded sequence, `length` steps of I
 * channels, where output t belongs to phase t mod dilation. One of stride and dilation is 1. Letters: I channels and F
 * filters of a group, K kernel size, T outputs. The weights' block has K·I rows, and one for the bias if `blockRows` is more;
 * each group's F columns begin a panel of their own.
 */
import { multiplyRows, packPanel, panelSums } from './panelRows';
import { outerProduct, product } from './product';
import { addRow, copyRow, zeroRow } from './rows';

/** Bytes of one phase of one group. */
@inline
function phaseBytes(length: i32, inputs: i32): usize {
  return (<usize>length * <usize>inputs) << 2;
}

/** Outputs of a phase: those of 0, …, T − 1 that are phase modulo dilation. */
@inline
function outputsOf(phase: i32, steps: i32, dilation: i32): i32 {
  return phase < steps ? (steps - phase - 1) / dilation + 1 : 0;
}

/** The laid-out sequence of batch entries batch0..batch1: x (steps, groups·I) with `before` steps of zeros before it, and zeros after. */
export function layWindows(
  x: usize, xStep: i32, xRow: i32, steps: i32, inputs: i32, groups: i32, before: i32, dilation: i32, length: i32,
  to: usize, batch0: i32, batch1: i32,
): void {
  const step = (<usize>xStep) << 2;
  const width = (<usize>inputs) << 2;
  to += <usize>batch0 * <usize>(groups * dilation) * phaseBytes(length, inputs);
  for (let b = batch0; b < batch1; ++b) {
    for (let group = 0; group < groups; ++group) {
      const from = x + ((<usize>b * <usize>xRow) << 2) + <usize>group * width;
      for (let phase = 0; phase < dilation; ++phase) {
        let t = phase - before;
        for (let i = 0; i < length; ++i) {
          if (t >= 0 && t < steps) copyRow(to, from + <usize>t * step, inputs);
          else zeroRow(to, inputs);
          to += width;
          t += dilation;
        }
      }
    }
  }
}

/** y (T, groups·F) = Σₖ x at step t·stride + k·dilation · W[k] + b, x as layWindows left it. y has room for whole panels. */
export function convolveForward(
  x: usize, inputs: i32, kernel: i32, groups: i32, filters: i32, stride: i32, dilation: i32, length: i32,
  w: usize, panels: i32, blockRows: i32, y: usize, yStep: i32, yRow: i32, steps: i32, batch0: i32, batch1: i32, wide: i32,
): void {
  const k = kernel * inputs;
  const panel = (<usize>blockRows) << 6;
  const xLine = (<usize>(stride * inputs)) << 2;
  const yLine = (<usize>(dilation * yStep)) << 2;
  const size = phaseBytes(length, inputs);
  let from = x + <usize>batch0 * <usize>(groups * dilation) * size;
  for (let b = batch0; b < batch1; ++b) {
    for (let group = 0; group < groups; ++group) {
      const weights = w + <usize>(group * panels) * panel;
      const bias = blockRows > k ? weights + ((<usize>k) << 6) : 0;
      for (let phase = 0; phase < dilation; ++phase) {
        const to = y + ((<usize>b * <usize>yRow + <usize>phase * <usize>yStep + <usize>(group * filters)) << 2);
        multiplyRows(panels, outputsOf(phase, steps, dilation), k, from, xLine, weights, panel, bias, to, yLine, wide != 0);
        from += size;
      }
    }
  }
}

/**
 * dx: the gradients of all windows, a chunk of outputs at a time, added up where they overlap. `transposed` is the weights'
 * block transposed, panels of 16·panels·groups rows. For each batch entry `sums` has room for its laid-out sequence and
 * `windows` for `chunk` windows of whole panels.
 */
export function convolveBackward(
  dy: usize, dyStep: i32, dyRow: i32, steps: i32, filters: i32, transposed: usize, panels: i32,
  inputs: i32, kernel: i32, groups: i32, stride: i32, dilation: i32, length: i32, sums: usize, windows: usize, chunk: i32,
  dx: usize, dxStep: i32, dxRow: i32, dxSteps: i32, before: i32, batch0: i32, batch1: i32, wide: i32,
): void {
  const k = kernel * inputs;
  const across = (k + 15) >> 4;
  const line = (<usize>across) << 6;
  const panel = (<usize>(panels * groups)) << 10;
  const dyLine = (<usize>(dilation * dyStep)) << 2;
  const next = (<usize>(stride * inputs)) << 2;
  const width = (<usize>inputs) << 2;
  const size = phaseBytes(length, inputs);
  sums += <usize>batch0 * <usize>(groups * dilation) * size;
  windows += <usize>batch0 * <usize>chunk * line;
  for (let b = batch0; b < batch1; ++b) {
    for (let group = 0; group < groups; ++group) {
      const weights = transposed + ((<usize>(group * panels)) << 10);
      for (let phase = 0; phase < dilation; ++phase) {
        const own = sums + <usize>phase * size;
        zeroRow(own, length * inputs);
        let from = dy + ((<usize>b * <usize>dyRow + <usize>phase * <usize>dyStep + <usize>(group * filters)) << 2);
        let to = own;
        for (let left = outputsOf(phase, steps, dilation); left > 0; left -= chunk) {
          const rows = min(left, chunk);
          product(across, rows, filters, from, dyLine, weights, panel, windows, line, 64, false, wide != 0);
          for (let row = 0; row < rows; ++row) {
            addRow(to, windows + <usize>row * line, k);
            to += next;
          }
          from += <usize>rows * dyLine;
        }
      }
      const out = dx + ((<usize>b * <usize>dxRow) << 2) + <usize>group * width;
      for (let t = 0; t < dxSteps; ++t) {
        const at = t + before;
        const i = at / dilation;
        const o = out + ((<usize>t * <usize>dxStep) << 2);
        // Steps after the last window are read by none.
        if (i < length) copyRow(o, sums + <usize>(at % dilation) * size + <usize>i * width, inputs);
        else zeroRow(o, inputs);
      }
    }
  }
}

/**
 * dW = Σ windowᵀ·dy, and Σ dy for the bias, for panels panel0..panel1 of the weights' block: all windows in the order of batch
 * entries and phases. `scratch` has room for a panel of 256 rows for each panel.
 */
export function convolveGradients(
  x: usize, inputs: i32, kernel: i32, groups: i32, filters: i32, stride: i32, dilation: i32, length: i32,
  dy: usize, dyStep: i32, dyRow: i32, steps: i32, batch: i32, dw: usize, panels: i32, blockRows: i32, scratch: usize,
  panel0: i32, panel1: i32, wide: i32,
): void {
  const k = kernel * inputs;
  const xLine = (<usize>(stride * inputs)) << 2;
  const dyLine = (<usize>(dilation * dyStep)) << 2;
  const size = phaseBytes(length, inputs);
  for (let p = panel0; p < panel1; ++p) {
    const group = p / panels;
    const column = 16 * (p % panels);
    const n = min(filters - column, 16);
    const to = dw + ((<usize>p * <usize>blockRows) << 6);
    const gathered = scratch + ((<usize>p) << 14);
    let add = false;
    for (let b = 0; b < batch; ++b) {
      for (let phase = 0; phase < dilation; ++phase) {
        let a = x + <usize>((b * groups + group) * dilation + phase) * size;
        let from = dy +
          ((<usize>b * <usize>dyRow + <usize>phase * <usize>dyStep + <usize>(group * filters + column)) << 2);
        for (let left = outputsOf(phase, steps, dilation); left > 0; left -= 256) {
          const rows = min(left, 256);
          packPanel(rows, n, from, dyLine, gathered);
          outerProduct(1, k, rows, a, xLine, gathered, 0, to, 0, add, wide != 0);
          if (blockRows > k) panelSums(rows, gathered, to + ((<usize>k) << 6), add);
          add = true;
          a += <usize>rows * xLine;
          from += <usize>rows * dyLine;
        }
      }
    }
  }
}
