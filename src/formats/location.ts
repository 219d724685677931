/** Where a model is, as its name says. */
import type { IOHandler } from '../tfjsTypes.js';

/** Where a model is kept: a folder (Node), a URL of a tfjs scheme (`https://…`, `indexeddb://…`, `downloads://…`), or a tfjs IOHandler. */
export type ModelLocation = string | IOHandler;

/** A folder or file (Node), an address, a tfjs IOHandler, or a file's bytes. */
export type ModelSource = ModelLocation | Uint8Array | ArrayBuffer;

function hasScheme(name: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(name);
}

/** Whether it is an address of the web, or one below the page's own. */
export function isAddress(name: string): boolean {
  return /^https?:/i.test(name) || !hasScheme(name);
}

/** Whether a name is one of a disk: on Node, whatever has no scheme. */
export function isFolder(name: string): boolean {
  const onNode = typeof process !== 'undefined' && Boolean(process.versions?.node);
  return onNode && (!hasScheme(name) || name.startsWith('file://'));
}

export function hasEnding(url: string, endings: readonly string[]): boolean {
  const path = url.replace(/[?#].*$/, '').toLowerCase();
  return endings.some((ending) => path.endsWith(ending));
}
