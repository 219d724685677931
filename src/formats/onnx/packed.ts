/** Packed sequences: an input holds the length of each, and recurrent operators leave out what is behind it. Here a mask does. */
import { whole } from './fold.js';
import type { NodeReader } from './nodeReader.js';
import { isRecurrentOperator } from './readRecurrent.js';
import {
  axisOf,
  describe,
  freeBatch,
  isOnly,
  perStep,
  put,
  type Rows,
  type Signal,
  type Stack,
  type Value,
} from './signals.js';

/** Operators on lengths: those that sort by them, so that the longest sequence stands first, and undo that. */
export function onRows(node: NodeReader): Value[] | undefined {
  const { inputs, opType } = node;
  const at = inputs.findIndex((value) => value?.kind === 'rows');
  const rows = inputs[at];
  if (rows?.kind !== 'rows' || isRecurrentOperator(opType)) return undefined;
  const [first] = inputs;
  if (first === rows && (opType === 'Identity' || opType === 'Cast')) return [rows];
  if (first === rows && opType === 'Shape') return [whole([1], [freeBatch])];
  if (first === rows && opType === 'TopK' && rows.is === 'lengths' && node.int('largest', 1) === 1) {
    const lengths: Rows = { kind: 'rows', is: 'lengths', sorted: true };
    return [lengths, { kind: 'rows', is: 'order', sorted: true }];
  }
  if (opType === 'ScatterElements' && at === 1 && rows.is === 'order') {
    return [{ kind: 'rows', is: 'order back', sorted: false }];
  }
  if (opType === 'Gather' && at === 1 && first?.kind === 'signal') return [inOrder(node, first, rows)];
  throw node.error('it computes with the lengths of the sequences, which memcell knows of packed sequences alone');
}

/** The rows in the order of their lengths, or back in the order in which they came. */
function inOrder(node: NodeReader, signal: Signal, { is }: Rows): Signal {
  const axis = node.axis('axis', signal.axes.length, 0);
  const [batch] = signal.axes[axis];
  const expected = is === 'order' ? !batch?.sorted : batch?.sorted === true;
  if (!isOnly(signal.axes[axis], 'batch') || is === 'lengths' || !expected)
    throw node.error(`it takes rows of ${describe(signal.axes)} in an order that memcell does not know`);
  const { sorted: _, ...plain } = batch;
  const made = is === 'order' ? { ...batch, sorted: true } : plain;
  return { ...signal, axes: signal.axes.map((each, place) => (place === axis ? [made] : each)) };
}

/** Whether layers leave out the padding. */
function isPadded(stack: Stack): boolean {
  for (let each = stack; each; each = each.below) {
    const { className, config } = each.layer;
    if (className === 'Masking' || (className === 'Embedding' && config.mask_zero === true)) return true;
  }
  return false;
}

/**
 * The layers that a recurrent operator with lengths reads, with a mask of their padding at the bottom: steps of 0, or index 0.
 * @throws MemcellError 'model' where layers between see the padding
 */
export function withMask(node: NodeReader, stack: Stack): Stack {
  if (isPadded(stack)) return stack;
  if (!stack || stack.layer.className === 'InputLayer') return put(stack, 'Masking', { mask_value: 0 });
  const { layer, below } = stack;
  const { className } = layer;
  if (className === 'Embedding') return { ...stack, layer: { ...layer, config: { ...layer.config, mask_zero: true } } };
  if (!perStep.has(className) || stack.beside)
    throw node.error(`sequence_lens: ${className} below it reads the padding too, which a mask leaves out`);
  return { ...stack, below: withMask(node, below) };
}

/** Layers that take no notice of a mask, or what a recurrent operator with lengths does. */
const KEEPING = new Set([
  ...perStep,
  'Masking',
  'Embedding',
  'InputLayer',
  'LSTM',
  'GRU',
  'SimpleRNN',
  'Bidirectional',
  'Concatenate',
  'Add',
]);

/** The class of a layer that would leave out padding where the file does not; undefined if there is none. */
export function readerOfPadding(stack: Stack): string | undefined {
  const ends = new Set<Stack>();
  const waiting: Stack[] = [stack];
  while (waiting.length > 0) {
    const each = waiting.pop();
    if (!each || ends.has(each)) continue;
    ends.add(each);
    const sources = [each.below, ...(each.beside ?? [])];
    if (!KEEPING.has(each.layer.className) && sources.some((source) => stepsPadded(source)))
      return each.layer.className;
    waiting.push(...sources);
  }
  return undefined;
}

/** Whether what these layers give has steps, and those of the padding are masked. */
function stepsPadded(stack: Stack): boolean {
  for (let each = stack; each; each = each.below) {
    const { className, config } = each.layer;
    if (className === 'Masking' || (className === 'Embedding' && config.mask_zero === true)) return true;
    if (each.output && each.output !== 'sequence') return false;
    if (!KEEPING.has(className)) return false;
  }
  return false;
}

/** Whether an output, or what a step is taken of, are steps of padded sequences. */
export function hasPaddedSteps({ axes, stack, pending }: Signal): boolean {
  if (axisOf(axes, 'time') < 0) return false;
  return pending ? pending.directions.some(({ padded }) => padded) : stepsPadded(stack);
}
