import { styleText } from 'node:util';
import type { OutputStream } from '../streams.js';

/** What a picture of characters is drawn on. */
export interface Paper {
  /** Characters in a line. */
  width: number;
  /** Whether colours are shown. */
  colours: boolean;
}

/** Lines are no wider, and no narrower, than this. */
const [widest, narrowest] = [140, 40];

/** The terminal that a stream is; else 80 characters without colours. NO_COLOR (https://no-color.org) takes them away. */
export function paperOf({ isTTY, columns }: OutputStream, env: NodeJS.ProcessEnv = process.env): Paper {
  const width = Math.max(narrowest, Math.min(widest, columns ?? 80));
  const colours = isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  return { width, colours };
}

const formats = { ink: 'reset', blue: 'cyan', orange: 'yellow', faint: 'gray' } as const;

export type Colour = keyof typeof formats;

/** A name out of data, without what a terminal would take as a command. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}

/** A text in a colour, where colours are shown. */
export function coloured(text: string, colour: Colour, { colours }: Paper): string {
  if (!colours || colour === 'ink' || text.trim() === '') return text;
  return styleText(formats[colour], text, { validateStream: false });
}
