import { counted } from '../format.js';
import type { CheckPart, CheckRow } from '../speed/check.js';
import { type AddCommand, type Session, withCommonOptions } from './command.js';
import { speedText } from './speedText.js';
import { addShape } from './values.js';

interface Options {
  shape?: number[][];
}

const examples = `
Examples:
  memcell check
  memcell check --shape 32,50,16,64

Outputs may differ by 1e-5, gradients and trained weights by 1e-4, as a share of the largest value (at least 1).
Exit code 1 when a difference is larger, or not a number.`;

/** The columns of differences: what is compared, and its title. */
const columns: [CheckPart, string][] = [
  ['forward', 'forward'],
  ['x', 'dx'],
  ['kernel', 'dkernel'],
  ['recurrentKernel', 'drecurrent'],
  ['bias', 'dbias'],
  ['initialH', 'dh0'],
  ['initialC', 'dc0'],
  ['training', 'trained'],
];

/** memcell check: accelerated layers against tfjs's own on this machine. */
export const addCheck: AddCommand = (program, session) => {
  const command = program
    .command('check')
    .summary("compare the kernels with tfjs's own layers on this machine")
    .description(
      "Compares memcell's LSTM, GRU and SimpleRNN, with activations in turn, with TensorFlow.js's layers on this machine: outputs, every gradient, and the weights after a few training steps.",
    )
    .usage('[--shape B,T,I,U]')
    .option('--shape <B,T,I,U>', 'batch, steps, inputs and units; may be given more than once', addShape)
    .addHelpText('after', examples);
  withCommonOptions(command).action((options: Options) => check(options, session));
};

async function check(options: Options, session: Session): Promise<void> {
  const [{ checkKernels }, { usualSpeed }, { enableWide }] = await Promise.all([
    import('../speed/check.js'),
    import('../kernels/module.js'),
    import('../kernels/wide.js'),
  ]);
  const wide = await enableWide();
  const shapes = options.shape?.map(([batch, steps, inputs, units]) => ({ batch, steps, inputs, units }));
  session.print(speedText(usualSpeed(), wide));
  session.print(
    line(
      'cell',
      'backend',
      ['B', 'T', 'I', 'U'],
      columns.map(([, title]) => title),
      '',
    ),
  );
  const report = await checkKernels({ ...(shapes && { shapes }), onRow: (row) => session.print(rowText(row)) });
  const failed = report.rows.filter((row) => !row.passed).length;
  session.print(
    failed === 0
      ? `${counted(report.rows.length, 'comparison')}, all within the tolerance`
      : `${failed} of ${counted(report.rows.length, 'comparison')} beyond the tolerance`,
  );
  session.result({ ...report, wide });
  if (!report.passed) session.exitCode = 1;
}

function rowText(row: CheckRow): string {
  const sizes = [row.batch, row.steps, row.inputs, row.units].map(String);
  const differences = columns.map(([part]) => row.differences[part].scaled.toExponential(1));
  return line(
    row.cell,
    row.backend,
    sizes,
    differences,
    row.passed ? 'ok' : `FAILED${row.reason ? `: ${row.reason}` : ''}`,
  );
}

function line(cell: string, backend: string, sizes: string[], differences: string[], verdict: string): string {
  const cells = [...sizes.map((size) => size.padStart(4)), ...differences.map((text) => text.padStart(11))];
  return `${cell.padEnd(25)}${backend.padEnd(10)}${cells.join('')}  ${verdict}`.trimEnd();
}
