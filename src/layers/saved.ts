import { modelError } from '../errors.js';
import type { Config, DefinitionOf } from './define.js';
import { type Schema, type SettingsOf, savedOption } from './schema.js';

/** What a saved configuration says of a layer's options, each checked when it is read; an activation is what is saved of it. */
export function savedSettings<S extends Schema>(
  definition: Pick<DefinitionOf<S>, 'class' | 'schema'>,
  config: Readonly<Config>,
): SettingsOf<S>;
export function savedSettings(
  { class: className, schema }: Pick<DefinitionOf<Schema>, 'class' | 'schema'>,
  config: Readonly<Config>,
): object {
  const settings = {};
  for (const [name, option] of Object.entries(schema)) {
    const get = () => {
      const value = savedOption(option, config[name]);
      if (value === undefined) {
        if (option.need === 'required') throw modelError(`${className}: ${name} is missing`);
        return undefined;
      }
      return name.endsWith('ctivation') ? value : option.kind(value, `${className}: ${name}`);
    };
    Object.defineProperty(settings, name, { get, enumerable: true });
  }
  return settings;
}
