import { describe, expect, test } from '@jest/globals';
import { Random } from '../../src/random.js';
import { type SamplingOptions, sample } from '../../src/tasks/sampling.js';

const probabilities = [0.1, 0.4, 0.2, 0.3];

/** How often each index is drawn. */
function shares(options: SamplingOptions, draws = 4000): number[] {
  const random = new Random(3);
  const counts = probabilities.map(() => 0);
  for (let i = 0; i < draws; i++) counts[sample(probabilities, options, random)] += 1 / draws;
  return counts;
}

describe('sample', () => {
  test.each<[string, SamplingOptions, number[]]>([
    ['nothing chosen', {}, [0.1, 0.4, 0.2, 0.3]],
    ['a temperature of 1/2: squares', { temperature: 0.5 }, [1 / 30, 16 / 30, 4 / 30, 9 / 30]],
    ['a temperature of 0', { temperature: 0 }, [0, 1, 0, 0]],
    ['the top 2', { topK: 2 }, [0, 4 / 7, 0, 3 / 7]],
    ['top-p takes the one that reaches it too', { topP: 0.75 }, [0, 4 / 9, 2 / 9, 3 / 9]],
    ['top-p after top-k, of what the top k share', { topK: 3, topP: 0.75 }, [0, 4 / 7, 0, 3 / 7]],
    ['top-p after the temperature', { temperature: 0.5, topP: 0.6 }, [0, 16 / 25, 0, 9 / 25]],
    ['a small top-p keeps the most probable', { topP: 1e-9 }, [0, 1, 0, 0]],
  ])('%s', (_, options, expected) => {
    const drawn = shares(options);
    for (const [i, share] of drawn.entries()) {
      // Five standard deviations of a share of 4,000 draws.
      expect(Math.abs(share - expected[i])).toBeLessThan(0.04);
      if (expected[i] === 0) expect(share).toBe(0);
    }
  });

  test('top-p takes no more than what reaches it', () => {
    const random = new Random(2);
    for (let i = 0; i < 50; i++) expect(sample([0.25, 0.5, 0.25], { topP: 0.5 }, random)).toBe(1);
  });

  test('of equals the first', () => {
    const random = new Random(1);
    for (let i = 0; i < 20; i++) expect(sample([0.25, 0.25, 0.25, 0.25], { temperature: 0 }, random)).toBe(0);
  });
});
