/** Recurrent layers on the engine. */
import { ActivationId } from '../../kernels/activationIds.js';
import { cellActivation } from '../../plan/activation.js';
import { NONE, type RecurrentPlan, type SignalShape } from '../../plan/layerPlan.js';
import type { Planner, Planning } from '../../plan/planning.js';
import { unsupported } from '../../plan/unsupported.js';
import type { SettingsOf } from '../schema.js';
import type { recurrent } from './options.js';

interface Settings extends SettingsOf<typeof recurrent> {
  /** Of the gates, where there are any. */
  readonly recurrentActivation?: unknown;
  /** GRU only. */
  readonly resetAfter?: boolean;
}

/** What the engine does for a layer with a cell of that kind. */
export function recurrentPlanner(kind: RecurrentPlan['kind']): Planner<Settings> {
  return (planning) => {
    const { flow } = planning;
    const plan = recurrentPlan(kind, planning);
    flow.sequence = plan.returnSequences;
    flow.width = plan.units;
    planning.further.push(...statesOf(plan));
    return [plan];
  };
}

function recurrentPlan(kind: RecurrentPlan['kind'], planning: Planning<Settings>): RecurrentPlan {
  const { settings, flow, inputs, path } = planning;
  const { units, returnSequences = false, returnState = false, goBackwards = false, stateful = false } = settings;
  const { dropout = 0, recurrentDropout = 0, resetAfter = false } = settings;
  if (stateful && inputs.length > 1) throw unsupported(planning, 'is stateful and is given its initial state');
  if (!flow.sequence) throw unsupported(planning, 'has an input without steps');
  const [kernel, recurrentKernel, bias = NONE] = planning.claim('kernel', 'recurrent', 'bias');
  return {
    kind,
    path,
    units,
    inputs: flow.width,
    activation: cellActivation(planning, settings.activation),
    recurrentActivation:
      kind === 'simpleRNN' ? ActivationId.linear : cellActivation(planning, settings.recurrentActivation),
    resetAfter,
    returnSequences,
    returnState,
    goBackwards,
    stateful,
    dropout,
    recurrentDropout,
    kernel,
    recurrentKernel,
    bias,
  };
}

function statesOf({ kind, units, returnState }: RecurrentPlan): SignalShape[] {
  const state = { sequence: false, width: units };
  if (!returnState) return [];
  return kind === 'lstm' ? [state, state] : [state];
}
