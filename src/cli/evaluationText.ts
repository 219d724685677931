import { counted, formatNumber, formatTable, percent } from '../format.js';
import type { Evaluation } from '../tasks/evaluation.js';

/** More classes than this are not listed one by one. */
const mostClasses = 30;

/** An evaluation for people: the error beside that of the baseline, then the details. */
export function evaluationText(evaluation: Evaluation): string {
  return [...headline(evaluation), ...details(evaluation)].join('\n');
}

/**
 * The one or few lines that say how good the model is.
 * @param on what it was evaluated on, such as ', held out'
 */
export function headline(evaluation: Evaluation, on = ''): string[] {
  const { samples } = evaluation;
  switch (evaluation.kind) {
    case 'forecast': {
      const head = [`${counted(samples, 'forecast')}${on}`, 'mean absolute error', 'root mean squared'];
      const rows = evaluation.targets.flatMap(({ column, mae, rmse, naive }) => [
        [column, formatNumber(mae), formatNumber(rmse)],
        ['  naive (the last known value)', formatNumber(naive.mae), formatNumber(naive.rmse)],
      ]);
      return [formatTable(head, rows)];
    }
    case 'classify':
      return [
        `${counted(samples, 'sequence')}${on}: accuracy ${percent(evaluation.accuracy)}; always the most frequent class: ${percent(evaluation.majorityAccuracy)}`,
      ];
    case 'text':
      return [
        `${counted(samples, 'character')}${on}: cross-entropy ${formatNumber(evaluation.crossEntropy)} nats (${formatNumber(evaluation.bitsPerCharacter)} bits) a character, perplexity ${formatNumber(evaluation.perplexity)}; by the characters' frequencies alone: ${formatNumber(evaluation.unigramCrossEntropy)} nats`,
      ];
    case 'symbols':
      return [
        `${counted(samples, 'integer')}${on}: accuracy ${percent(evaluation.accuracy)}; always the most frequent one: ${percent(evaluation.majorityAccuracy)}`,
      ];
  }
}

function details(evaluation: Evaluation): string[] {
  if (evaluation.kind !== 'classify' || evaluation.classes.length > mostClasses) return [];
  const { classes, confusion } = evaluation;
  const head = ['class', 'samples', 'precision', 'recall', ...classes.map(({ name }) => `→ ${name}`)];
  const rows = classes.map(({ name, samples, precision, recall }, index) => [
    name,
    String(samples),
    precision === null ? '–' : percent(precision),
    recall === null ? '–' : percent(recall),
    ...confusion[index].map(String),
  ]);
  return ['', formatTable(head, rows)];
}
