import { type Call, isCall, parseCalls, printCalls, type Value } from '../model/notation.js';

/** What hidden layers are to be. */
export interface HiddenLayers {
  units: number;
  depth: number;
  dropout: number;
  cell: 'LSTM' | 'GRU';
}

const recurrent = new Set(['LSTM', 'GRU', 'SimpleRNN']);

/**
 * Layers in the notation with other hidden ones: the recurrent layers, in Bidirectional or not, or, where there are none,
 * the Dense ones before the last. `depth` of them come in place of the first, all but the last of them giving all steps, each
 * with the options of the first and a Dropout behind it, in place of that which was there.
 *
 *     withHidden('LSTM(16), Dense(6)', { units: 32, depth: 2, dropout: 0.2, cell: 'GRU' })
 *     // 'GRU(32, return_sequences=true), Dropout(0.2), GRU(32), Dropout(0.2), Dense(6)'
 */
export function withHidden(layers: string, { units, depth, dropout, cell }: HiddenLayers): string {
  const calls = parseCalls(layers);
  const isHidden = calls.some((call) => cellOf(call))
    ? (call: Call) => cellOf(call) !== undefined
    : (call: Call, i: number) => call.name === 'Dense' && i < calls.length - 1;
  const first = calls.findIndex(isHidden);
  if (first < 0) return layers;
  const made: Call[] = Array.from({ length: depth }, (_, i) => {
    const inner = i < depth - 1;
    return changed(calls[first], units, cell, inner);
  });
  const hidden = made.flatMap((call) => (dropout > 0 ? [call, dropoutOf(dropout)] : [call]));
  const rest = calls.filter((call, i) => {
    const behind = call.name === 'Dropout' && i > 0 && isHidden(calls[i - 1], i - 1);
    return i > first && !isHidden(call, i) && !behind;
  });
  return printCalls([...calls.slice(0, first), ...hidden, ...rest]);
}

/** The recurrent layer that a call is, or that is in its Bidirectional. */
function cellOf(call: Call): Call | undefined {
  if (recurrent.has(call.name)) return call;
  const [inner] = call.positional;
  return call.name === 'Bidirectional' && inner !== undefined && isCall(inner) ? cellOf(inner) : undefined;
}

function changed(call: Call, units: number, cell: HiddenLayers['cell'], allSteps: boolean): Call {
  if (call.name === 'Bidirectional') {
    const [inner, ...others] = call.positional;
    const own = inner !== undefined && isCall(inner) ? [changed(inner, units, cell, allSteps), ...others] : others;
    return { ...call, positional: own };
  }
  const positional: Value[] = [units, ...call.positional.slice(1)];
  if (!recurrent.has(call.name)) return { ...call, positional };
  const named = { ...call.named, ...(allSteps && { return_sequences: true }) };
  return { name: cell, positional, named };
}

function dropoutOf(rate: number): Call {
  return { name: 'Dropout', positional: [rate], named: {} };
}
