/**
 * What the attention kernels are asked to do: of each batch entry and head, softmax(scores of query and key)·value. Letters: B batch,
 * N heads, T queries, S keys, K and V features of a head's keys and values. Addresses in bytes, 0 for what is not there; `…Row` is
 * the distance in bytes from one batch entry to the next, `…Step` from one step to the next; heads lie side by side in a row.
 */

/** Queries of a tile, and keys: the tile of their scores and its gradient stay in cache. */
export const QUERIES: i32 = 48;
export const KEYS: i32 = 128;

/** Queries, or keys, of a part of a tile that ends with the last key looked at: whole tiles of products. */
export const STRIP: i32 = 12;

/** Bytes of a row of a tile: no multiple of 256. */
export const TILE_ROW: usize = 576;

/** Bytes of a tile of scores. */
export const TILE: usize = <usize>QUERIES * TILE_ROW;

@unmanaged
export class Attention {
  heads: i32;
  queries: i32;
  keys: i32;
  keyWidth: i32;
  valueWidth: i32;
  causal: i32; // query t has no key after t
  additive: i32; // scores Σ c∘tanh(query + key) in place of query·key
  wide: i32;
  scale: f32; // of the queries; where scores are additive of the keys too
  lowered: f32; // what the score of a key that does not count is lowered by
  closing: i32; // of a query for which no key counts: 0: scores are lowered alike; 1: they have no gradients; 2: it weighs nothing
  threshold: i32; // of dropout, as in dropout.ts; 0: none
  kept: f32;
  factor: usize; // a learnt number in place of `scale`
  coefficients: usize; // c, (K); 0: ones
  coefficientStep: usize; // bytes from one to the next: 0 where one is for all

  query: usize; // (T,B,N·K)
  queryRow: usize;
  queryStep: usize;
  key: usize; // (S,B,N·K)
  keyRow: usize;
  keyStep: usize;
  value: usize; // (S,B,N·V)
  valueRow: usize;
  valueStep: usize;
  output: usize; // (T,B,N·V)
  outputRow: usize;
  outputStep: usize;
  queryMaskRow: usize; // of the masks of queries and of outputs
  keyMaskRow: usize; // of those of keys and of values
  maskStep: usize; // of all
  queryMask: usize; // (T,B) floats: 0 where no key counts for a query
  keyMask: usize; // (S,B) each: a key counts where neither is 0
  valueMask: usize;
  outputMask: usize; // (T,B): 0 where the output is zeros

  most: usize; // (B,N,T): the largest score of each query; 0: not kept
  share: usize; // (B,N,T): 1/Σ e^(score − most)
  scratch: usize; // for each batch entry `scratchSize` bytes
  scratchSize: usize;

  dQuery: usize; // as query, key and value
  dQueryRow: usize;
  dQueryStep: usize;
  dKey: usize;
  dKeyRow: usize;
  dKeyStep: usize;
  dValue: usize;
  dValueRow: usize;
  dValueStep: usize;
  dFactor: usize; // (B)
  dCoefficients: usize; // (B, K in whole panels)

  /** K and V in whole panels, in bytes. */
  keyBytes(): usize {
    return <usize>((this.keyWidth + 15) >> 4) << 6;
  }

  valueBytes(): usize {
    return <usize>((this.valueWidth + 15) >> 4) << 6;
  }

  /** S in whole panels. */
  paddedKeys(): i32 {
    return (this.keys + 15) & ~15;
  }

  /** What queries are multiplied by. */
  scaling(): f32 {
    return this.factor ? load<f32>(this.factor) : this.scale;
  }

  masksKeys(): bool {
    return this.keyMask != 0 || this.valueMask != 0;
  }

  /** Whether query t looks at the keys up to t and no others, none of them masked. */
  isTriangular(): bool {
    return this.causal != 0 && this.queryMask == 0 && !this.masksKeys();
  }

  /** How many of the queries from r on, of `rows` from t, are to be multiplied at once by `count` keys from s: few where others look at more keys. */
  stripFrom(r: i32, t: i32, rows: i32, s: i32, count: i32): i32 {
    return this.isTriangular() && t + r + 1 - s < count ? min(STRIP, rows - r) : rows - r;
  }

  /** How many of `count` keys from s the queries before `end` look at. */
  keysUpTo(end: i32, s: i32, count: i32): i32 {
    return this.isTriangular() ? max(min(end - s, count), 0) : count;
  }

  /** Where one float for each query of a batch entry and head is kept. */
  queryAt(base: usize, b: i32, head: i32, t: i32): usize {
    return base + ((<usize>(b * this.heads + head) * <usize>this.queries + <usize>t) << 2);
  }

  /** The number of a query's first weight among all of (B,N,T,S). */
  weightIndex(b: i32, head: i32, t: i32): i32 {
    return ((b * this.heads + head) * this.queries + t) * this.keys;
  }

  /** Whether no key counts for query t, `first` being the first that counts at all: then each is lowered alike. */
  isClosed(b: i32, t: i32, first: i32): bool {
    if (first > (this.causal ? t : this.keys - 1)) return true;
    return this.queryMask != 0 && load<f32>(this.queryMask + <usize>t * this.maskStep + <usize>b * this.queryMaskRow) == 0;
  }

  /** Whether the output of query t is zeros. */
  isMasked(b: i32, t: i32): bool {
    return this.outputMask != 0 && load<f32>(this.outputMask + <usize>t * this.maskStep + <usize>b * this.queryMaskRow) == 0;
  }
}

/**
 * Where the parts of a batch entry's scratch begin: of one head at a time, floats unless said otherwise. Forward ends with a tile, the
 * largest score and sum of its queries; backward has the other parts.
 */
@unmanaged
export class Layout {
  lowering: usize; // (S): what the scores of each key are changed by
  query: usize; // (T,K), scaled
  key: usize; // panels of (S,K)
  keyTransposed: usize; // panels of (K,S)
  value: usize; // panels of (S,V)
  output: usize; // (T,V)
  tile: usize;
  most: usize; // (QUERIES)
  sums: usize; // (QUERIES)
  coefficients: usize; // (K)
  valueTransposed: usize; // panels of (V,S)
  queryPanels: usize; // panels of (T,K)
  dOutput: usize; // (T,V)
  dOutputPanels: usize; // panels of (T,V)
  dots: usize; // (T): Σ dOutput∘output
  dQuery: usize; // (T,K)
  dKey: usize; // panels of (S,K)
  dKeyTransposed: usize; // panels of (K,S), where scores are additive
  dValue: usize; // panels of (S,V)
  dTile: usize;
  end: usize;
}

/** Bytes of Layout itself, at the start of the scratch. */
const LAYOUT: usize = 128;

/** Lays out the scratch at `base`. */
export function layOut(job: Attention, base: usize, backward: bool): Layout {
  const at = changetype<Layout>(base);
  const T = <usize>job.queries, S = <usize>job.paddedKeys();
  const K = job.keyBytes(), V = job.valueBytes();
  let end = base + LAYOUT;
  at.lowering = end;
  end += S << 2;
  at.query = end;
  end += T * K;
  at.key = end;
  end += S * K;
  at.keyTransposed = end;
  end += S * K;
  at.value = end;
  end += S * V;
  at.tile = end;
  end += TILE;
  at.most = end;
  end += (<usize>QUERIES) << 2;
  at.sums = end;
  end += (<usize>QUERIES) << 2;
  at.coefficients = end;
  end += K;
  if (backward) {
    at.valueTransposed = end;
    end += S * V;
    at.queryPanels = end;
    end += T * K;
    at.dOutput = end;
    end += T * V;
    at.dOutputPanels = end;
    end += T * V;
    at.dots = end;
    end += T << 2;
    at.dQuery = end;
    end += T * K;
    at.dKey = end;
    end += S * K;
    at.dKeyTransposed = end;
    end += job.additive ? S * K : 0;
    at.dValue = end;
    end += S * V;
    at.dTile = end;
    end += TILE;
  } else {
    at.output = end;
    end += <usize>QUERIES * V;
  }
  // Whole vectors may be read past the end of a part.
  at.end = (end + 127) & ~(<usize>63);
  return at;
}
