/** What layers are where nothing is said but what has to be: as in Keras (see the generator beside the fixture). */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import '../../src/index.js';
import { definitionOf } from '../../src/layers/byName.js';
import type { LayerDefinition } from '../../src/layers/define.js';
import { makeLayer } from '../../src/layers/make.js';
import { activation, initializer } from '../../src/layers/schema.js';
import { camelCase } from '../../src/spelling.js';

type Config = Record<string, unknown>;
const defaults: Record<string, [needed: Config, config: Config]> = JSON.parse(
  readFileSync(new URL('../fixtures/kerasDefaults/defaults.json', import.meta.url), 'utf8'),
);

/** Keras's value as a layer here has it. */
function here(option: string, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (option.endsWith('ctivation')) return activation(value as never, option);
  if (option.endsWith('nitializer')) return initializer(value as never, option);
  return typeof value === 'string' ? camelCase(value) : value;
}

const glorot = JSON.stringify({ scale: 1, mode: 'fanAvg', distribution: 'uniform' });

/** A value without what says nothing: lists of one number, and tfjs's class of several initializers for Keras's own. */
function plain(value: unknown): unknown {
  if (Array.isArray(value) && value.length === 1) return value[0];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value ?? null;
  const { className, config } = value as { className: string; config: Config };
  const { seed: _, ...settings } = config;
  const isGlorot = className === 'VarianceScaling' && JSON.stringify(settings) === glorot;
  return isGlorot ? { className: 'GlorotUniform', config: {} } : { className, config: settings };
}

/** Layers that have no options in common with Keras's. */
const WITHOUT = ['Flatten', 'GlobalMaxPooling1D', 'GlobalAveragePooling1D', 'Add'];

test.each(Object.entries(defaults))('%s', (name, [needed, config]) => {
  const definition = definitionOf(name) as LayerDefinition;
  const own: Config = makeLayer(definition, [], needed).getConfig();
  const both = Object.entries(config)
    .map(([option, value]): [string, unknown] => [camelCase(option), value])
    .filter(([option]) => option in definition.schema);
  // What Keras fills in of other options, and layers here when they run.
  const { key_dim: valueDim, pool_size: strides } = { ...config, ...needed };
  const filled: Config = { valueDim, strides };
  for (const [option, value] of both) {
    const found = own[option] ?? filled[option];
    expect([option, plain(found)]).toEqual([option, plain(here(option, value))]);
  }
  expect([name, both.length === 0]).toEqual([name, WITHOUT.includes(name)]);
});
