/** The cell of each kind of plan. */
import type { DirectedPlan } from '../../plan/layerPlan.js';
import { Cell } from './cell.js';
import type { LayerContext } from './layer.js';
import { ScanCell } from './scanCell.js';
import type { SequenceCell } from './sequenceCell.js';
import { StackedCell } from './stackedCell.js';

export function makeCell(plan: DirectedPlan, context: LayerContext): SequenceCell {
  switch (plan.kind) {
    case 'lstm':
    case 'gru':
    case 'simpleRNN':
      return new Cell(plan, context);
    case 'minGRU':
    case 'minLSTM':
    case 'sLSTM':
      return new ScanCell(plan, context);
    case 'stacked':
      return new StackedCell(
        plan,
        plan.cells.map((cell) => makeCell(cell, context)),
      );
  }
}
