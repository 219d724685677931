import { expect, test } from '@jest/globals';
import * as memcell from '../../src/index.js';
import { cellClasses, definitionOf, type LayerClass, layerClasses } from '../../src/layers/byName.js';
import { common } from '../../src/layers/define.js';
import * as layerFunctions from '../../src/layers/index.js';
import type { OptionsOf, SettingsOf } from '../../src/layers/schema.js';
import * as kind from '../../src/layers/schema.js';

/** Compiles only where the two types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never;
const same = <A, B>(_: Same<A, B>) => undefined;

const { Bidirectional, Conv1D, Dense, LSTM } = memcell;

test('misspelt options, wrong values and missing arguments do not compile, and throw', () => {
  // @ts-expect-error an option's name
  expect(() => LSTM(8, { returnSequence: true })).toThrow('did you mean returnSequences?');
  // @ts-expect-error the same in Keras's spelling
  expect(() => LSTM(8, { return_sequence: true })).toThrow('did you mean returnSequences?');
  // @ts-expect-error a value of another type
  expect(() => LSTM(8, { dropout: 'much' })).toThrow('dropout must be a number');
  // @ts-expect-error one of some names
  expect(() => Bidirectional(LSTM(8), { mergeMode: 'max' })).toThrow('mergeMode must be one of');
  // @ts-expect-error an option that goes by position
  expect(() => LSTM(8, { units: 9 })).toThrow('units is given twice');
  // @ts-expect-error units are missing
  expect(() => LSTM()).toThrow('LSTM: units is missing');
  // @ts-expect-error an option of another layer
  expect(() => Dense(2, { returnSequences: true })).toThrow("unknown option 'returnSequences'");
});

test('both spellings compile and mean the same', () => {
  const one = LSTM(8, { returnSequences: true, recurrentDropout: 0.5, kernelInitializer: 'heNormal', name: 'a' });
  const other = LSTM(8, { return_sequences: true, recurrent_dropout: 0.5, kernel_initializer: 'he_normal', name: 'a' });
  expect(other.getConfig()).toEqual(one.getConfig());
  expect(Dense(2, { kernel_regularizer: 'l1_l2' }).getConfig()).toEqual(
    expect.objectContaining({ kernelRegularizer: { className: 'L1L2', config: { l1: 0.01, l2: 0.01 } } }),
  );
});

test('names and objects of settings serve any number of layers', () => {
  const kernelConstraint = { className: 'MaxNorm', config: { maxValue: 2 } };
  for (let time = 0; time < 2; time++) {
    const layers = [
      LSTM(2, { kernelRegularizer: 'l1l2', kernelConstraint }),
      Conv1D(2, 1, { kernelRegularizer: 'l1l2', kernelConstraint }),
    ];
    for (const layer of layers)
      expect(layer.getConfig().kernelRegularizer).toEqual({ className: 'L1L2', config: { l1: 0.01, l2: 0.01 } });
  }
  expect(kernelConstraint.config).toEqual({ maxValue: 2 });
});

test('one declaration gives what may be given and what the layer is told', () => {
  const schema = {
    size: kind.required(kind.units),
    mode: kind.defaulted(kind.oneOf('maxPool', 'sum'), 'sum'),
    rate: kind.optional(kind.rate),
  };
  type Given = OptionsOf<typeof schema>;
  same<Given, { mode?: 'maxPool' | 'max_pool' | 'MaxPool' | 'sum' | 'Sum'; rate?: number }>(true);
  type Told = SettingsOf<typeof schema>;
  same<Told, { readonly size: number; readonly mode: 'maxPool' | 'sum'; readonly rate: number | undefined }>(true);
  expect(schema.mode.kind('max_pool', 'mode')).toBe('maxPool');
});

test('the classes known by name are those of the list, with the options of every layer', () => {
  // @ts-expect-error no layer of that name
  const misspelt: LayerClass = 'LTSM';
  expect(definitionOf(misspelt)).toBeUndefined();
  expect([...layerClasses(), ...cellClasses()].sort()).toEqual(Object.keys(layerFunctions).sort());
  for (const name of layerClasses()) {
    const definition = definitionOf(name);
    expect(Object.hasOwn(memcell, name)).toBe(true);
    expect(Object.keys(definition?.schema ?? {})).toEqual(expect.arrayContaining(Object.keys(common)));
  }
});
