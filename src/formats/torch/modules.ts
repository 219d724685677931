/** What PyTorch's names say: which arrays belong to one module, and what it is. */
import type { NamedArray } from './safetensors.js';

type Kind =
  | 'LSTM'
  | 'GRU'
  | 'SimpleRNN'
  | 'Dense'
  | 'Embedding'
  | 'Conv1D'
  | 'LayerNormalization'
  | 'BatchNormalization';

/** What a module, and a layer that may take its weights, have to agree in. */
export interface Form {
  kind: Kind;
  /** Features in and out; undefined where a layer's are not known. */
  inputs?: number;
  units: number;
  bias: boolean;
  /** 2 for both directions of a recurrent layer; else 1. */
  directions: number;
}

/** A module of PyTorch, or one level of a recurrent one. */
export interface TorchModule extends Form {
  /** 'lstm', 'blocks.0.fc' */
  name: string;
  /** The level of a recurrent module of several. */
  level?: number;
  /** By what stands behind the module's name: 'weight', 'weight_ih', 'bias_hh_reverse'. */
  arrays: Map<string, NamedArray>;
}

const gates: Record<number, Kind> = { 4: 'LSTM', 3: 'GRU', 1: 'SimpleRNN' };

/** All modules, and the names of what belongs to none that a layer could be. */
export function modulesOf(arrays: readonly NamedArray[]): { modules: TorchModule[]; unknown: string[] } {
  const grouped = new Map<string, { name: string; level?: number; arrays: Map<string, NamedArray> }>();
  for (const array of arrays) {
    const dot = array.name.lastIndexOf('.');
    const name = dot < 0 ? '' : array.name.slice(0, dot);
    const [, part, level, reverse = ''] = array.name.slice(dot + 1).match(/^(.*?)(?:_l(\d+)(_reverse)?)?$/) ?? [];
    const key = level === undefined ? name : `${name}\n${level}`;
    const group = grouped.get(key) ?? { name, ...(level !== undefined && { level: Number(level) }), arrays: new Map() };
    group.arrays.set(part + reverse, array);
    grouped.set(key, group);
  }
  const modules: TorchModule[] = [];
  const unknown: string[] = [];
  for (const group of grouped.values()) {
    const form = formOf(group.arrays);
    if (form) modules.push({ ...group, ...form });
    else unknown.push(...[...group.arrays.values()].map((array) => array.name));
  }
  return { modules, unknown };
}

/** How many batches a BatchNorm has seen is no weight of a layer. */
const counts = 'num_batches_tracked';

function formOf(arrays: ReadonlyMap<string, NamedArray>): Form | undefined {
  const names = [...arrays.keys()].filter((name) => name !== counts).sort();
  const are = (...expected: string[]) => names.join() === expected.sort().join();
  const shape = (name: string) => arrays.get(name)?.shape ?? [];
  const fits = (name: string, ...sizes: number[]) => shape(name).join() === sizes.join();
  const bias = names.includes('bias') || names.includes('bias_ih');
  if (names.includes('weight_ih')) return recurrentForm(names, shape, fits, bias);
  const [units = 0, inputs = 0] = shape('weight');
  if (are('weight', 'bias', 'running_mean', 'running_var')) {
    const same = ['weight', 'bias', 'running_mean', 'running_var'].every((name) => fits(name, units));
    return same ? { kind: 'BatchNormalization', inputs: units, units, bias: true, directions: 1 } : undefined;
  }
  if (!are('weight') && !are('weight', 'bias')) return undefined;
  if (bias && !fits('bias', units)) return undefined;
  const rank = shape('weight').length;
  if (rank === 1) return { kind: 'LayerNormalization', inputs: units, units, bias, directions: 1 };
  if (rank === 2) return { kind: 'Dense', inputs, units, bias, directions: 1 };
  if (rank === 3) return { kind: 'Conv1D', inputs, units, bias, directions: 1 };
  return undefined;
}

function recurrentForm(
  names: string[],
  shape: (name: string) => number[],
  fits: (name: string, ...sizes: number[]) => boolean,
  bias: boolean,
): Form | undefined {
  const both = names.includes('weight_ih_reverse');
  const one = bias ? ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'] : ['weight_ih', 'weight_hh'];
  const expected = both ? [...one, ...one.map((name) => `${name}_reverse`)] : one;
  if (names.join() !== [...expected].sort().join()) return undefined;
  const [columns = 0, units = 0] = shape('weight_hh');
  const [, inputs = 0] = shape('weight_ih');
  const kind = gates[columns / units];
  const good = expected.every((name) => {
    if (name.startsWith('weight_ih')) return fits(name, columns, inputs);
    return name.startsWith('weight_hh') ? fits(name, columns, units) : fits(name, columns);
  });
  return kind && good ? { kind, inputs, units, bias, directions: both ? 2 : 1 } : undefined;
}
