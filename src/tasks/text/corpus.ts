import type { TrainingSettings } from '../settings.js';
import type { Tokens } from './tokens.js';

/** A text made ready for training. */
export interface Corpus {
  name: string;
  tokens: Tokens;
  /** The whole text; the tokens from `edge` on are held out. */
  ids: Int32Array;
  edge: number;
  window: number;
  layers: string;
  settings: TrainingSettings;
  /** The network alone. */
  pure: boolean;
}

/** The part of the training part, its end, by which training stops and the mixture is weighed. */
export const stoppingShare = 0.1;

/** Where the stopping part begins. */
export function stoppingEdge(edge: number): number {
  return Math.max(1, Math.floor(edge * (1 - stoppingShare)));
}
