/** The two spellings of Keras's names: snake_case in Python, camelCase here. */

/** 'return_sequences' → 'returnSequences'; names without underscores stay as they are. */
export function camelCase(name: string): string {
  return name.replace(/_+([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** 'returnSequences' → 'return_sequences' */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter, at: number) => `${at > 0 ? '_' : ''}${letter.toLowerCase()}`);
}

/** Keras's name for a layer of a class: 'SimpleRNN' → 'simple_rnn', 'GlobalMaxPooling1D' → 'global_max_pooling1d'. */
export function layerNameOf(className: string): string {
  return className
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}
