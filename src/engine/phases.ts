/** The parts of a task, and in which order they come. */
import type { Layout } from './layout.js';

export type Task = 'train' | 'evaluate' | 'predict';

/** Parts of a task, in order; all threads finish one before any begins the next. */
export interface Phase {
  readonly kind:
    | 'prepare'
    | 'forward'
    | 'gatherForward'
    | 'loss'
    | 'gatherBackward'
    | 'backward'
    | 'gradients'
    | 'shared'
    | 'partials'
    | 'update'
    | 'average'
    | 'constrain';
  /** Which of the stretches that layers which gather cut the others into, or which of those layers, counted from the first. */
  readonly stage: number;
}

/** What a training step has to do beside what the layers do. */
export interface Extras {
  /** Weights that several layers use, whose gradients are summed. */
  shared: boolean;
  partials: boolean;
  penalties: boolean;
  average: boolean;
  constraints: boolean;
}

/** The phases of each task for what is laid out; none of training where it is not laid out for that. */
export function phasesOf(layout: Layout, training: boolean, extras: Extras): Readonly<Record<Task, readonly Phase[]>> {
  const only = (kind: Phase['kind'], wanted = true): Phase[] => (wanted ? [{ kind, stage: 0 }] : []);
  const loss = only('loss', layout.waitsForMasks);
  return {
    train: training
      ? [
          ...only('prepare', layout.preparing.length > 0),
          ...thereAndBack(layout.gatherers.length, loss),
          ...only('gradients'),
          ...only('shared', extras.shared),
          ...only('partials', extras.partials),
          ...only('update'),
          ...only('average', extras.average),
          ...only('constrain', extras.constraints),
        ]
      : [],
    evaluate: [...only('forward'), ...loss, ...only('partials', extras.penalties)],
    predict: only('forward'),
  };
}

/** Forward and backward, cut by the layers that gather. */
function thereAndBack(gatherers: number, loss: readonly Phase[]): Phase[] {
  const stages = Array.from({ length: gatherers }, (_, stage) => stage);
  return [
    ...stages.flatMap((stage): Phase[] => [
      { kind: 'forward', stage },
      { kind: 'gatherForward', stage },
    ]),
    { kind: 'forward', stage: gatherers },
    ...loss,
    ...stages.reverse().flatMap((stage): Phase[] => [
      { kind: 'gatherBackward', stage },
      { kind: 'backward', stage },
    ]),
  ];
}
