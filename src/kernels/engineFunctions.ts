/**
 * The kernels of assembly/engine.ts, as JavaScript sees them; what each computes is said there. Addresses are in bytes,
 * strides and counts in floats or rows.
 */
export interface EngineFunctions {
  rowsProduct(
    panels: number,
    k: number,
    x: number,
    xStep: number,
    xRow: number,
    b: number,
    blockRows: number,
    bias: number,
    y: number,
    yStep: number,
    yRow: number,
    steps: number,
    batch: number,
    batch0: number,
    batch1: number,
    wide: number,
  ): void;
  denseGradients(
    x: number,
    xRow: number,
    k: number,
    dy: number,
    dyRow: number,
    n: number,
    rows: number,
    dw: number,
    blockRows: number,
    bias: number,
    scratch: number,
    panel0: number,
    panel1: number,
    wide: number,
  ): void;
  rowTimesTransposed(k: number, dy: number, n: number, w: number, blockRows: number, dx: number): void;
  multiplyFloats(a: number, b: number, to: number, from: number, until: number): void;
  transposeSomePanels(from: number, panels: number, rows: number, to: number, panel0: number, panel1: number): void;
  zeroRows(base: number, ld: number, rows: number, column0: number, column1: number): void;
  sumPanels(
    block: number,
    k: number,
    row0: number,
    row1: number,
    partials: number,
    panel0: number,
    panel1: number,
  ): void;
}
