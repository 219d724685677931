/** What the engine does not run; the message is the reason that the user sees. */
export class Unsupported extends Error {}

export function unsupported(layer: { readonly name: string; getClassName(): string }, what: string): Unsupported {
  return new Unsupported(`layer ${layer.name} (${layer.getClassName()}) ${what}`);
}
