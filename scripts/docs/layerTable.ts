import { cellClasses, layerClasses } from '../../src/layers/byName.js';
import { definitionOf, type LayerDefinition } from '../../src/layers/define.js';

/** The layers that memcell makes, what each takes and Keras 3's defaults, from their definitions: markdown. */
export function layerTable(): string {
  const definitions = layerClasses()
    .concat(cellClasses())
    .sort()
    .map((name) => definitionOf(name))
    .filter((definition) => definition !== undefined);
  const shared = Object.keys(definitions[0].schema).filter((option) =>
    definitions.every(({ cellOf, schema }) => cellOf !== undefined || Object.hasOwn(schema, option)),
  );
  const rows = definitions.map(
    (definition) => `| \`${callOf(definition)}\` | ${inputOf(definition)} | ${optionsOf(definition, shared)} |`,
  );
  return [
    `Every layer also takes ${shared.map((option) => `\`${option}\``).join(', ')}. \`?\` marks what may be left out, \`=\` the default. Calls are as in a line of text; in code what is marked goes by name, \`MaxPooling1D({ poolSize: 3 })\`, but for the activation of Dense, which goes either way.`,
    '',
    '| layer | input | options |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

function callOf({ class: name, positional, schema }: LayerDefinition): string {
  return `${name}(${positional.map((option) => (schema[option].need === 'required' ? option : `${option}?`)).join(', ')})`;
}

function inputOf({ rank, joins, cellOf }: LayerDefinition): string {
  if (cellOf !== undefined) return 'a step of RNN';
  const exact = ['', '(B)', '(B, I)', '(B, T, I)', '(B, T, …, I)'];
  const one = 'exactly' in rank ? exact[rank.exactly] : rank.atLeast > 2 ? '(B, T, …)' : '(B, …)';
  return joins ? `several of ${one}` : one;
}

function optionsOf({ schema }: LayerDefinition, shared: readonly string[]): string {
  const options = Object.entries(schema)
    .filter(([name, { need }]) => need !== 'required' && !shared.includes(name))
    .map(([name, { need, otherwise }]) =>
      need === 'defaulted' ? `\`${name} = ${JSON.stringify(otherwise)}\`` : `\`${name}\``,
    );
  return options.join(', ') || '–';
}
