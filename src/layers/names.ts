/** Keras's name for a layer of a class: 'SimpleRNN' → 'simple_rnn', 'GlobalMaxPooling1D' → 'global_max_pooling1d'. */
export function layerNameOf(className: string): string {
  return className
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}
