/** The nodes of a plan as they are added, layer after layer, with the signals between them. */
import type { LayerPlan, SignalShape } from '../plan/layerPlan.js';
import type { InputPlan, NodePlan, OutputPlan } from './planData.js';

/** Kinds of layer that take batch-major rows as they come. */
const TAKES_ANY_ROWS: ReadonlySet<LayerPlan['kind']> = new Set([
  'arrange',
  'bidirectional',
  'concatenate',
  'dot',
  'embedding',
  'flatten',
  'gru',
  'lstm',
  'merge',
  'minGRU',
  'minLSTM',
  'sLSTM',
  'simpleRNN',
  'stacked',
]);

/** A signal and what flows through it. */
export interface Wire extends SignalShape {
  number: number;
}

export class Nodes {
  readonly list: NodePlan[] = [];
  /** The inputs' signals in rows of the engine's own, where somebody wants them so. */
  private readonly arranged = new Map<number, number>();
  private signals: number;

  constructor(private readonly inputs: readonly InputPlan[]) {
    this.signals = inputs.length;
  }

  /** What flows into the model. */
  get wires(): Wire[] {
    return this.inputs.map(({ sequence, width }, number) => ({ sequence, width, number }));
  }

  /** Whether a signal is one of the model's inputs. */
  isInput({ number }: Wire): boolean {
    return number < this.inputs.length;
  }

  /** One node after the other, the first of which reads all inputs. */
  place(layers: readonly LayerPlan[], inputs: readonly Wire[], outputs: readonly SignalShape[]): Wire[] {
    if (layers.length === 0) return outputs.map((flow) => ({ ...flow, number: inputs[0].number }));
    const takesAny = TAKES_ANY_ROWS.has(layers[0].kind);
    let reads = inputs.map((wire) => (takesAny ? wire : this.inOrder(wire)).number);
    layers.forEach((layer, i) => {
      reads = this.add(layer, reads, signalsOf(layers, i) ?? outputs.length);
    });
    return outputs.map((flow, i) => ({ ...flow, number: reads[i] }));
  }

  private add(layer: LayerPlan, inputs: readonly number[], outputs: number): number[] {
    this.list.push({ layer, inputs: [...inputs], outputs });
    const first = this.signals;
    this.signals += outputs;
    return Array.from({ length: outputs }, (_, i) => first + i);
  }

  /** A signal whose rows are the engine's own, as all are but the model's inputs. */
  inOrder(wire: Wire): Wire {
    if (!this.isInput(wire) || !wire.sequence) return wire;
    const number = this.arranged.get(wire.number) ?? this.add({ kind: 'arrange' }, [wire.number], 1)[0];
    this.arranged.set(wire.number, number);
    return { ...wire, number };
  }
}

/** How many signals a layer gives to the next; those of the last are the outputs. */
function signalsOf(layers: readonly LayerPlan[], i: number): number | undefined {
  const taker = [layers[i], layers[i + 1]].find((layer) => layer?.kind === 'activity');
  if (taker?.kind === 'activity') return taker.signals;
  return i === layers.length - 1 ? undefined : 1;
}

/** Activations may overwrite only what nobody else reads. */
export function keepingWhatIsRead(nodes: readonly NodePlan[], outputs: readonly OutputPlan[]): NodePlan[] {
  const reads = [
    ...nodes.flatMap(({ inputs }) => inputs),
    ...outputs.flatMap(({ signal, loss, evaluationLoss }) => [
      signal,
      ...(loss.reads === undefined || loss.takesActivation ? [] : [loss.reads]),
      ...(evaluationLoss?.reads === undefined ? [] : [evaluationLoss.reads]),
    ]),
  ];
  return nodes.map(({ layer, inputs, ...node }) => {
    const alone = reads.filter((signal) => signal === inputs[0]).length === 1;
    return { ...node, inputs, layer: layer.kind === 'activation' && !alone ? { ...layer, inPlace: false } : layer };
  });
}
