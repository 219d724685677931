/** Attention of single heads over rows of the engine: what the layers that attend have in common. */
import {
  ATTENTION_FIELD,
  ATTENTION_FLOATS,
  ATTENTION_WORDS,
  type AttentionField,
  SCRATCH_LAYOUT_WORDS,
} from '../../kernels/attention.js';
import { dropoutKey, dropoutThreshold } from '../../random.js';
import { placeGradient } from '../gradients.js';
import { newRows, type Rows, rowNumbers } from '../rows.js';
import type { LayerContext, Range, Signal, Space } from './layer.js';

/** What layers that attend are alike in. */
export interface AttendingPlan {
  heads: number;
  /** Query t looks at keys up to t alone. */
  causal: boolean;
  /** Share of the weights that training drops. */
  dropout: number;
  /** Names the layer's random numbers, as in model/walk.ts. */
  path: string;
}

/** What flows through heads. A mask is the address of one float for each row, 0 for none. */
export interface HeadPorts {
  /** (B, T, N·K), (B, S, N·V) and (B, S, N·K) */
  query: Signal;
  value: Signal;
  key: Signal;
  /** Where a query counts. If not, it looks at all keys alike … */
  queryMask: number;
  /** … or gives zeros. */
  outputMask: number;
  keyMask: number;
  valueMask: number;
}

export type HeadFields = Partial<Record<AttentionField, number>>;

/**
 * Y = softmax(scores)·V for each of N heads: query (B, T, N·K), key (B, S, N·K), value (B, S, N·V) → (B, T, N·V). The memory grows
 * with T and S, not with their product: the kernels compute scores by tiles, backward again from what forward kept of each query.
 */
export class PlacedHeads {
  readonly output: Rows;
  /** Multiplications and additions of one query, about. */
  readonly flops: number;
  private readonly drops: boolean;
  private readonly job: number;

  /**
   * Places the gradients of those of query, value and key that want one.
   * @param fields of the scores, which are those of query·key if left out
   */
  constructor(
    private readonly plan: AttendingPlan,
    private readonly context: LayerContext,
    fields: HeadFields,
    ports: HeadPorts,
    private readonly space: Space,
  ) {
    const { arena, batch, training } = space;
    const { heads, causal, dropout } = plan;
    const { query, value, key } = ports;
    const [queries, keys] = [query.values.steps, key.values.steps];
    this.drops = dropout > 0 && dropout < 1;
    this.flops = 2 * value.values.steps * (query.values.width + value.values.width);
    this.output = newRows(space, queries, value.values.width);
    const [dQuery, dValue, dKey] = [query, value, key].map((signal) => placeGradient(signal, space));
    this.job = arena.fixed(ATTENTION_WORDS);
    const kept = training ? arena.floats(2 * batch * heads * queries) : 0;
    this.write({
      heads,
      queries,
      keys,
      keyWidth: query.values.width / heads,
      valueWidth: value.values.width / heads,
      causal: Number(causal),
      wide: context.wide,
      threshold: 0,
      kept: this.drops ? 1 / (1 - dropout) : 1,
      ...rowsOf('query', query.values),
      ...rowsOf('key', key.values),
      ...rowsOf('value', value.values),
      ...rowsOf('output', this.output),
      queryMaskRow: 4 * rowNumbers(space, queries).entry,
      keyMaskRow: 4 * rowNumbers(space, keys).entry,
      maskStep: 4 * rowNumbers(space, queries).step,
      queryMask: ports.queryMask,
      keyMask: ports.keyMask,
      valueMask: ports.valueMask,
      outputMask: ports.outputMask,
      most: kept,
      share: kept === 0 ? 0 : kept + 4 * batch * heads * queries,
      ...rowsOf('dQuery', dQuery),
      ...rowsOf('dKey', dKey),
      ...rowsOf('dValue', dValue),
      ...fields,
    });
    const at = arena.floats(SCRATCH_LAYOUT_WORDS);
    const size = context.kernels.attentionScratch(this.job, at, Number(training));
    this.write({ scratch: arena.floats((batch * size) / 4), scratchSize: size });
  }

  forward({ from, to }: Range, training: boolean): void {
    this.drop(training);
    this.context.kernels.attentionForward(this.job, this.key(), from, to);
  }

  /** From the output's gradient those of query, value and key. */
  backward(gradient: Rows, { from, to }: Range): void {
    const { address, rowStride, stepStride } = gradient;
    this.drop(true);
    this.context.kernels.attentionBackward(this.job, this.key(), address, 4 * rowStride, 4 * stepStride, from, to);
  }

  private key(): number {
    return this.drops ? dropoutKey(this.context.draw, this.plan.path, 'scores') : 0;
  }

  /** Evaluating drops nothing. All threads write the same. */
  private drop(training: boolean): void {
    if (!this.drops || !this.space.training) return;
    this.write({ threshold: training ? dropoutThreshold(this.plan.dropout) : 0 });
  }

  private write(fields: HeadFields): void {
    const { f32, i32 } = this.space.arena;
    for (const [name, value] of Object.entries(fields) as [AttentionField, number][])
      (ATTENTION_FLOATS.has(name) ? f32 : i32)[(this.job >>> 2) + ATTENTION_FIELD[name]] = value;
  }
}

/** The three fields of rows, 0 for none. */
function rowsOf<N extends 'query' | 'key' | 'value' | 'output' | 'dQuery' | 'dKey' | 'dValue'>(
  name: N,
  rows: Rows | undefined,
): HeadFields {
  return {
    [name]: rows?.address ?? 0,
    [`${name}Row`]: 4 * (rows?.rowStride ?? 0),
    [`${name}Step`]: 4 * (rows?.stepStride ?? 0),
  };
}
