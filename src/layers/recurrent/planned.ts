/** Recurrent layers on the engine. */

import { ActivationId } from '../../kernels/activationIds.js';
import { activationId, activity } from '../../plan/activation.js';
import {
  type DirectedPlan,
  isDirected,
  type LayerPlan,
  NONE,
  type RecurrentPlan,
  type ScanPlan,
  type SignalShape,
  stateSizes,
} from '../../plan/layerPlan.js';
import type { Planner, Planning } from '../../plan/planning.js';
import { unsupported } from '../../plan/unsupported.js';
import type { SettingsOf } from '../schema.js';
import { cellsOf } from './cells.js';
import type { overSteps, recurrent } from './options.js';
import type { scanned } from './scanOptions.js';

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
    return withStates(planning, plan);
  };
}

function recurrentPlan(kind: RecurrentPlan['kind'], planning: Planning<Settings>): RecurrentPlan {
  const { settings, flow, path } = planning;
  const { units, returnSequences = false, returnState = false, goBackwards = false, stateful = false } = settings;
  const { dropout = 0, recurrentDropout = 0, resetAfter = false } = settings;
  requireSteps(planning, stateful);
  const [kernel, recurrentKernel, bias = NONE] = planning.claim('kernel', 'recurrent', 'bias');
  return {
    kind,
    path,
    units,
    inputs: flow.width,
    activation: activationId(planning, settings.activation),
    recurrentActivation:
      kind === 'simpleRNN' ? ActivationId.linear : activationId(planning, settings.recurrentActivation),
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

interface ScanSettings extends SettingsOf<typeof scanned> {
  /** MinGRU and MinLSTM. */
  readonly activation?: unknown;
  /** sLSTM. */
  readonly heads?: number;
  readonly forgetGate?: 'sigmoid' | 'exponential';
}

/** What the engine does for a layer whose product with x runs over all steps at once. */
export function scanPlanner(kind: ScanPlan['kind']): Planner<ScanSettings> {
  return (planning) => {
    const { settings, flow, path } = planning;
    const { units, returnSequences = false, returnState = false, goBackwards = false, stateful = false } = settings;
    const { dropout = 0, heads = 1, forgetGate, activation = 'linear' } = settings;
    requireSteps(planning, stateful);
    const names = kind === 'sLSTM' ? ['kernel', 'recurrent', 'bias'] : ['kernel', 'bias'];
    const claimed = planning.claim(...names);
    const [kernel, recurrentKernel, bias = NONE] = kind === 'sLSTM' ? claimed : [claimed[0], NONE, ...claimed.slice(1)];
    const plan: ScanPlan = {
      kind,
      path,
      units,
      inputs: flow.width,
      activation: activationId(planning, activation),
      heads,
      exponential: forgetGate === 'exponential',
      returnSequences,
      returnState,
      goBackwards,
      stateful,
      dropout,
      kernel,
      recurrentKernel,
      bias,
    };
    flow.sequence = returnSequences;
    flow.width = units;
    return withStates(planning, plan);
  };
}

function requireSteps(planning: Planning, stateful: boolean): void {
  if (stateful && planning.inputs.length > 1) throw unsupported(planning, 'is stateful and is given its initial state');
  if (!planning.flow.sequence) throw unsupported(planning, 'has an input without steps');
}

/** The layer with what it gives beside its output, all of which counts where activity does. */
function withStates(planning: Planning, plan: DirectedPlan): LayerPlan[] {
  const states = statesOf(plan);
  planning.further.push(...states);
  return [plan, ...activity(planning, 1 + states.length)];
}

function statesOf(plan: DirectedPlan): SignalShape[] {
  return plan.returnState ? stateSizes(plan).map((width) => ({ sequence: false, width })) : [];
}

/** What the engine does for RNN: one cell is the layer of that cell, several are a plan of their own. */
export function planCells(planning: Planning<SettingsOf<typeof overSteps>>): LayerPlan[] {
  const { config, flow, settings } = planning;
  const { returnSequences = false, returnState = false, goBackwards = false, stateful = false } = settings;
  const over = { returnSequences, returnState, goBackwards, stateful };
  const count = cellsOf(config).length;
  if (count === 1) {
    const cell = planning.cell(0, over);
    const plans = cell.plan();
    Object.assign(flow, cell.flow);
    planning.further.push(...cell.further);
    return plans;
  }
  const { width: inputs } = flow;
  const cells = Array.from({ length: count }, (_, i): RecurrentPlan => {
    const cell = planning.cell(i, { ...over, returnSequences: true, returnState: false });
    Object.assign(cell.flow, flow);
    const [plan] = cell.plan();
    Object.assign(flow, cell.flow);
    if (isDirected(plan) && plan.kind !== 'stacked' && 'recurrentDropout' in plan) return plan;
    throw unsupported(planning, `has a ${cell.getClassName()} among its cells`);
  });
  flow.sequence = returnSequences;
  return withStates(planning, { kind: 'stacked', cells, units: flow.width, inputs, ...over });
}
