/**
 * The kernels of assembly/engine.ts and the products, as JavaScript sees them; what each computes is said there. Addresses
 * are in bytes; the products' strides are in bytes as well, those of engine.ts in floats.
 */
export interface EngineFunctions {
  product(
    panels: number,
    m: number,
    k: number,
    a: number,
    lda: number,
    b: number,
    panel: number,
    c: number,
    ldc: number,
    cPanel: number,
    add: number,
    wide: number,
  ): void;
  outerProduct(
    panels: number,
    m: number,
    k: number,
    a: number,
    lda: number,
    b: number,
    panel: number,
    c: number,
    cPanel: number,
    add: number,
    wide: number,
  ): void;
  transposePanels(from: number, panels: number, rows: number, to: number): void;
}
