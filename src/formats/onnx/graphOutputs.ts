/** The outputs of a graph: the layers that each is of, and how what they give differs from what the file gives. */
import { invalid } from '../modelJson.js';
import type { ReadEnd } from './graphInputs.js';
import { withoutScores } from './nodeReader.js';
import { hasPaddedSteps, readerOfPadding } from './packed.js';
import type { GraphProto, ValueInfoProto } from './proto.js';
import { carry, type Settled, settle, withFeatures } from './settle.js';
import { axisOf, describe, isOnly, type Stack, sizeOf, type Value } from './signals.js';

export interface ReadGraph {
  /** The first input, of an empty stack, and others; one sample's shape of each, null for steps that may vary. */
  inputs: (ReadEnd & { shape: (number | null)[] })[];
  outputs: ReadEnd[];
  lost: string[];
}

export function finish(
  graph: GraphProto,
  values: Map<string, Value>,
  ends: ReadonlyMap<string, ReadGraph['inputs']>,
  file: string,
): ReadGraph {
  const lost: string[] = [];
  const [first, ...others] = graph.output ?? [];
  const outputs = [outputEnd(first, values, lost, file)];
  const plain = ends.size === 1;
  for (const other of others) {
    if (plain && isState(values.get(other.name ?? ''))) dropState(other, values, lost, file);
    else outputs.push(...statesApart(other, values, lost).map((one) => outputEnd(one, values, lost, file)));
  }
  const read = stacksBelow(outputs);
  const inputs = [...ends].flatMap(([name, made]) => {
    if (values.get(name)?.kind === 'rows') {
      const index = [...read].some((stack) => stack?.layer.className === 'Embedding');
      lost.push(
        `input ${JSON.stringify(name)}, how long each sequence is: here ${index ? 'index 0' : 'a step of nothing but 0'} is padding`,
      );
      return [];
    }
    const used = made.filter(({ stack }) => read.has(stack));
    if (used.length === 0) lost.push(`input ${JSON.stringify(name)}, which the outputs do not depend on`);
    else if (made.length > 1) {
      const names = used.map((one) => one.name).join(', ');
      lost.push(`input ${JSON.stringify(name)} as one of [${made.length}, batch, features]: here it is ${names}`);
    } else noteOrder(name, values.get(name), lost);
    return used;
  });
  if (!inputs.some(({ stack }) => stack === undefined)) {
    throw invalid(file, 'the outputs do not depend on its first input; export the model without that input');
  }
  if (outputs.every(({ stack }) => stack === undefined)) throw invalid(file, 'the graph has no layer');
  return { inputs, outputs, lost };
}

/** Says where the axes of an input are in another order in the file. */
function noteOrder(name: string, value: Value | undefined, lost: string[]): void {
  if (value?.kind !== 'signal') return;
  if (axisOf(value.axes, 'batch') < 0)
    lost.push(
      `input ${JSON.stringify(name)} is ${describe(value.axes)} of one row in the file, with an axis of rows before it here`,
    );
  const roles = ['batch', 'time', 'feature'] as const;
  const here = roles.flatMap((role) => value.axes.filter((axis) => isOnly(axis, role)));
  const [from, to] = [describe(value.axes), describe(here)];
  if (from !== to) lost.push(`the order of axes of input ${JSON.stringify(name)}: ${from} in the file, ${to} here`);
}

function outputEnd(
  info: ValueInfoProto | undefined,
  values: Map<string, Value>,
  lost: string[],
  file: string,
): ReadEnd {
  const end = values.get(info?.name ?? '');
  if (end?.kind === 'largest') {
    const chosen = `output ${JSON.stringify(info?.name?.slice(0, 80) ?? '')}, the place of the largest value`;
    lost.push(`${chosen}: here it is all values (${end.where.replace(`${file}: `, '')})`);
  }
  const value = end?.kind === 'largest' ? end.of : end;
  if (value === undefined) throw invalid(file, 'the graph has no output that a node gives');
  if (value.kind === 'rows')
    throw invalid(file, 'an output is the lengths of the sequences; export the model without that output');
  if (value.kind === 'failure') throw value.error;
  const name = JSON.stringify(info?.name?.slice(0, 80) ?? '');
  if (value.kind === 'scores' || value.kind === 'weighted')
    throw invalid(file, `output ${name} is the scores of an attention, which no layer gives; ${withoutScores}`);
  if (value.kind === 'constant')
    throw invalid(file, `output ${name} does not depend on the input; export the model without that output`);
  const place = {
    error: (what: string, remedy = 'export the model without that output') =>
      invalid(file, `output ${name}: ${what}; ${remedy}`),
  };
  const last = value.axes.length - 1;
  const settled = value.axes[last]?.length > 1 ? withFeatures(value, last, place) : settle(value, place);
  const reader = readerOfPadding(settled.stack);
  if (reader)
    throw invalid(
      file,
      `output ${name}: its ${reader} over padded sequences would leave out the padding, which it does not in the file; export the model without that output`,
    );
  if (settled.axes.flat().some(({ sorted }) => sorted))
    throw invalid(
      file,
      `output ${name}: its rows stand in the order of their lengths; put them back in the model that is exported (PyTorch: enforce_sorted=False)`,
    );
  if (hasPaddedSteps(settled))
    lost.push(`output ${name} behind the end of a sequence: here the last step's values again`);
  return { name: info?.name ?? '', stack: inOrder(settled, `output ${name}`, lost, file).stack };
}

/** All that outputs are made of, the empty stack of the first input included. */
function stacksBelow(outputs: readonly ReadEnd[]): Set<Stack> {
  const found = new Set<Stack>();
  const waiting = outputs.map(({ stack }) => stack);
  while (waiting.length > 0) {
    const stack = waiting.pop();
    if (found.has(stack)) continue;
    found.add(stack);
    if (stack && stack.layer.className !== 'InputLayer') waiting.push(stack.below, ...(stack.beside ?? []));
  }
  return found;
}

/** The output as the last layer gives it. */
function inOrder({ axes, stack }: Settled, what: string, lost: string[], file: string): Settled {
  const [batch, time] = [axisOf(axes, 'batch'), axisOf(axes, 'time')];
  const features = axes.findIndex((axis) => axis.length > 0 && axis.every(({ role }) => role === 'feature'));
  const expected = time < 0 ? [batch, features] : [batch, time, features];
  const places = expected.filter((place) => place >= 0);
  const others = axes.filter((axis, at) => !places.includes(at) && sizeOf(axis) !== 1);
  if (batch < 0 && others.length === 0 && !axes.flat().some(({ role }) => role === 'batch')) {
    lost.push(`${what} is ${describe(axes)} of one row in the file, with an axis of rows before it here`);
    return { kind: 'signal', axes, stack };
  }
  if (batch < 0 || others.length > 0)
    throw invalid(
      file,
      `${what} is ${describe(axes)}, which no layer of Keras gives; export the model without what orders its axes so`,
    );
  const ordered = places.every((place, at) => place === at) && places.length === axes.length && features >= 0;
  if (!ordered) {
    const here = time < 0 ? '[batch, features]' : '[batch, steps, features]';
    lost.push(`the order of axes of ${what}: ${describe(axes)} in the file, ${here} here`);
  }
  if (time < 0 || !axes[time][0].reversed) return { kind: 'signal', axes, stack };
  if (features < 0) throw invalid(file, `${what} runs from the end; turn it round in the model that is exported`);
  return { kind: 'signal', axes, stack: carry(stack, sizeOf(axes[features]), true, true) };
}

/** The final states of several layers or directions as outputs of their own. */
function statesApart(info: ValueInfoProto, values: Map<string, Value>, lost: string[]): ValueInfoProto[] {
  const value = values.get(info.name ?? '');
  if (value?.kind !== 'signal' || !value.pending || !isState(value)) return [info];
  const { axes, pending } = value;
  const { directions } = pending;
  const at = axes.findIndex((axis) => isOnly(axis, 'direction'));
  if (at < 0 || directions.length < 2) return [info];
  const names = directions.map((_, place) => `${info.name}_${place}`);
  directions.forEach((direction, place) => {
    const alone = { ...pending, directions: [direction] };
    values.set(names[place], { ...value, axes: axes.filter((_, axis) => axis !== at), pending: alone });
  });
  lost.push(
    `output ${JSON.stringify(info.name?.slice(0, 80))} as one of ${describe(axes)}: here it is ${names.join(', ')}`,
  );
  return names.map((name) => ({ ...info, name }));
}

function isState(value: Value | undefined): boolean {
  return value?.kind === 'signal' && value.pending !== undefined && value.pending.output !== 'sequence';
}

/** A final state beside the output of a model that takes none is left out. */
function dropState(info: ValueInfoProto, values: Map<string, Value>, lost: string[], file: string): void {
  const value = values.get(info.name ?? '');
  const where = value?.kind === 'signal' ? (value.pending?.where ?? '') : '';
  lost.push(
    `output ${JSON.stringify(info.name?.slice(0, 80) ?? '')}, a final state of ${where.replace(`${file}: `, '')}`,
  );
}
