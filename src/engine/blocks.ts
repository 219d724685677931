/**
 * Weights in the engine's layout. A block is K rows of 16·P columns in P panels, panel p being [K][16] contiguous at p·K·16
 * floats; or, for tables that are read row by row, K rows of 16·P floats one after the other. Columns beyond a
 * variable's own are zero in weights, gradients and optimizer state alike, and stay so.
 */
import { NONE } from '../plan/layerPlan.js';

/** Where rows `from`…`from + rows` of a Keras variable lie: in rows `row`… of the block, Keras's column c in column columns[c]. */
export interface BlockPart {
  /** Number in Plan.weights. */
  weight: number;
  from: number;
  rows: number;
  row: number;
  columns: Int32Array;
}

export interface WeightBlock {
  /** K */
  readonly rows: number;
  /** P */
  readonly panels: number;
  readonly layout: 'panels' | 'rows';
  readonly parts: readonly BlockPart[];
  /**
   * Gradients are sums over uses of single rows (embeddings): `squares` then gets the sums of their squares, which the
   * optimizers take for g², and clipvalue limits each use.
   */
  readonly sparse: boolean;
  /** Addresses, set once before the first place(). The gradients are 0 in an engine that only predicts. */
  weights: number;
  gradients: number;
  /** 0 where not wanted. */
  squares: number;
  /** Each use's gradient is kept within ± this before it is added; ∞ where it is not. */
  useLimit: number;
  /** The first rows, which get no gradient as the layer is placed: the layer does not write theirs, which are zeros but for penalties. */
  quietRows: number;
}

/** A limit that changes nothing. */
export const NO_LIMIT = Number.POSITIVE_INFINITY;

/** 0, 1, … n - 1: columns in Keras's own order. */
export function plainColumns(n: number): Int32Array {
  return Int32Array.from({ length: n }, (_, i) => i);
}

/**
 * Columns of `gates` gates side by side, `units` each, to columns that have 8 units of every gate together: gate g of unit
 * u lies in column 8·(gates·⌊u/8⌋ + g) + u mod 8.
 */
export function interleavedColumns(gates: number, units: number): Int32Array {
  const columns = new Int32Array(gates * units);
  for (let gate = 0; gate < gates; gate++)
    for (let u = 0; u < units; u++) columns[gate * units + u] = 8 * (gates * (u >> 3) + gate) + (u & 7);
  return columns;
}

/** A block of one weight that is a vector. */
export function vectorBlock(weight: number, width: number): WeightBlock {
  return makeBlock(1, width, [{ weight, from: 0, rows: 1, row: 0, columns: plainColumns(width) }]);
}

/** The same of a weight that a layer may do without. */
export function optionalVector(weight: number, width: number): WeightBlock | undefined {
  return weight === NONE ? undefined : vectorBlock(weight, width);
}

/** A block of these rows with as many panels as `width` columns need. */
export function makeBlock(
  rows: number,
  width: number,
  parts: readonly BlockPart[],
  options: { layout?: WeightBlock['layout']; sparse?: boolean } = {},
): WeightBlock {
  const { layout = 'panels', sparse = false } = options;
  const panels = Math.ceil(width / 16);
  return {
    rows,
    panels,
    layout,
    parts,
    sparse,
    weights: 0,
    gradients: 0,
    squares: 0,
    useLimit: NO_LIMIT,
    quietRows: 0,
  };
}

/** Floats of a block. */
export function blockSize({ rows, panels }: WeightBlock): number {
  return 16 * rows * panels;
}

/** Copies a part's rows from Keras's layout into the block's floats. */
export function pack(block: WeightBlock, part: BlockPart, keras: Float32Array, packed: Float32Array): void {
  eachElement(block, part, (from, to) => {
    packed[to] = keras[from];
  });
}

/** The other way. */
export function unpack(block: WeightBlock, part: BlockPart, packed: Float32Array, keras: Float32Array): void {
  eachElement(block, part, (to, from) => {
    keras[to] = packed[from];
  });
}

function eachElement(block: WeightBlock, part: BlockPart, visit: (keras: number, packed: number) => void): void {
  const { columns } = part;
  const width = columns.length;
  for (let r = 0; r < part.rows; r++) {
    const keras = (part.from + r) * width;
    const row = part.row + r;
    for (let c = 0; c < width; c++) {
      const column = columns[c];
      const packed =
        block.layout === 'rows'
          ? row * 16 * block.panels + column
          : ((column >> 4) * block.rows + row) * 16 + (column & 15);
      visit(keras + c, packed);
    }
  }
}
