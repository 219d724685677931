import { parseTable } from '../../src/data/read.js';
import type { Source } from '../../src/data/source.js';
import type { Run } from '../../src/tasks/definition.js';

/** What a task is told, with nothing chosen. */
export function runOf(own: Partial<Run> = {}): Run {
  return { seed: 7, plain: false, settings: {}, callbacks: [], stage: () => {}, trained: async () => {}, ...own };
}

/** Data from a text. */
export function sourceOf(text: string, name = 'data.txt'): Source {
  return { name, text: async () => text, table: async () => parseTable(text, name) };
}
