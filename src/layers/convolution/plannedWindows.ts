import type { WindowsPlan } from '../../plan/layerPlan.js';
import type { Planning } from '../../plan/planning.js';
import { unsupported } from '../../plan/unsupported.js';
import type { Windows } from './windows.js';

/** A layer's windows on the engine, and its name for messages. @throws Unsupported for an input that has none */
export function plannedWindows(
  planning: Planning<{ dataFormat: 'channelsFirst' | 'channelsLast' }>,
  windows: Windows,
): WindowsPlan & { name: string } {
  if (!planning.flow.sequence) throw unsupported(planning, 'has an input without steps');
  if (planning.settings.dataFormat === 'channelsFirst') throw unsupported(planning, 'reads channelsFirst');
  return { ...windows, name: planning.name };
}
