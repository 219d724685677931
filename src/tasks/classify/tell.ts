import { counted, formatNumber, formatTable } from '../../format.js';
import { type ClassifyEvaluation, percent } from './evaluation.js';

/** More classes than this are not listed one by one. */
const mostClasses = 30;

/** An evaluation for people: how often it is right beside the simple guess, the verdict; then the scores of each class. */
export function tellClasses(evaluation: ClassifyEvaluation, on: string): { headline: string[]; details: string[] } {
  const { samples, accuracy, majorityAccuracy, verdict, notes } = evaluation;
  const headline = [
    `${counted(samples, 'sample')}${on}: accuracy ${percent(accuracy)}; always the most frequent class: ${percent(majorityAccuracy)}`,
    verdict,
  ];
  return { headline, details: [...scores(evaluation), ...classTable(evaluation), ...notes] };
}

function scores({ balancedAccuracy, macroF1, auc, logLoss }: ClassifyEvaluation): string[] {
  const area = auc === null ? '' : `, AUC ${formatNumber(auc)}`;
  return [
    `balanced accuracy ${percent(balancedAccuracy)}, macro F1 ${percent(macroF1)}${area}, log loss ${formatNumber(logLoss)}`,
  ];
}

/** The scores of each class, and its row of the confusion matrix: how often it was taken for which. */
function classTable({ classes, confusion }: ClassifyEvaluation): string[] {
  if (classes.length > mostClasses) return [];
  const share = (value: number | null) => (value === null ? '–' : percent(value));
  const head = ['class', 'samples', 'precision', 'recall', 'F1', ...classes.map(({ name }) => `→ ${name}`)];
  const rows = classes.map(({ name, samples, precision, recall, f1 }, c) => [
    name,
    String(samples),
    share(precision),
    share(recall),
    share(f1),
    ...confusion[c].map(String),
  ]);
  return ['', formatTable(head, rows)];
}
