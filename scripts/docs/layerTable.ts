import { entryOf, layerClasses } from '../../src/model/table.js';

/** The layers that memcell makes, what each takes and Keras 3's defaults, from the one table that makes them: markdown. */
export function layerTable(): string {
  const entries = layerClasses.map((name) => ({ name, entry: entryOf(name)! }));
  const shared = Object.keys(entries[0].entry.options).filter((option) =>
    entries.every(({ entry }) => Object.hasOwn(entry.options, option)),
  );
  const rows = entries.map(({ name, entry }) => {
    const { positional, required, options, defaults, rank } = entry;
    const call = `${name}(${positional.map((option) => (required.includes(option) ? option : `${option}?`)).join(', ')})`;
    const named = Object.keys(options).filter((option) => !shared.includes(option) && !required.includes(option));
    const shown = named.map((option) =>
      Object.hasOwn(defaults, option) ? `${option} = ${JSON.stringify(defaults[option])}` : option,
    );
    const input =
      'exactly' in rank ? ['', '(B)', '(B, I)', '(B, T, I)'][rank.exactly] : rank.atLeast > 2 ? '(B, T, …)' : '(B, …)';
    return `| \`${call}\` | ${input} | ${shown.map((option) => `\`${option}\``).join(', ') || '–'} |`;
  });
  return [
    `Every layer also takes ${shared.map((option) => `\`${option}\``).join(', ')}. \`?\` marks what may be left out; \`=\` is the default where Keras has one that is a value.`,
    '',
    '| layer | input | options |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
