import { formatNumber, formatTable } from '../format.js';
import type { Row } from '../speed/compare.js';
import { type AddCommand, type Session, withCommonOptions } from './command.js';
import { speedText } from './speedText.js';
import { addShape, parsePositive } from './values.js';

interface Options {
  shape?: number[][];
  tfjs: boolean;
  seconds: number;
}

const examples = `
Examples:
  memcell bench --shape 32,50,16,64
  memcell bench --no-tfjs --json

The model is LSTM(U), Dense(10, softmax), trained by fit with Adam. Times are the shortest of several runs, in
milliseconds; run it on an otherwise idle machine. TensorFlow.js needs seconds for a step of the large shapes, so it
runs those only once or twice, and all shapes take a few minutes. The peak is that of a multiply-add loop in registers,
on one thread.
Exit code 1 when memcell and TensorFlow.js do not compute the same; nothing is timed then.`;

/** memcell bench: this machine's figures. */
export const addBench: AddCommand = (program, session) => {
  const command = program
    .command('bench')
    .summary("measure training and predicting beside tfjs's built-in layers")
    .description(
      'Measures a training step and predicting a batch on this machine: memcell, memcell on one thread, and TensorFlow.js with its built-in layers, after verifying that they compute the same.',
    )
    .usage('[--shape B,T,I,U] [--no-tfjs] [--seconds S]')
    .option('--shape <B,T,I,U>', 'batch, steps, inputs and units; may be given more than once', addShape)
    .option('--no-tfjs', 'leave TensorFlow.js out, and the verification with it')
    .option('--seconds <S>', 'time each figure for about so long', parsePositive, 1)
    .addHelpText('after', examples);
  withCommonOptions(command).action((options: Options) => bench(options, session));
};

async function bench(options: Options, session: Session): Promise<void> {
  const [{ runBench }, { cpus }] = await Promise.all([import('../speed/bench.js'), import('node:os')]);
  const shapes = options.shape?.map(([batch, steps, inputs, units]) => ({ batch, steps, inputs, units }));
  const report = await runBench({
    ...(shapes && { shapes }),
    withoutTfjs: !options.tfjs,
    seconds: options.seconds,
    onProgress: (text) => session.note(text),
  });
  const { node, speed, wide, threads, gigaflops, backend } = report;
  session.print(`${cpus()[0]?.model.trim() ?? 'unknown processor'}, Node ${node}, TensorFlow.js on ${backend}`);
  session.print(`${speedText(speed, wide)}, up to ${threads} threads`);
  session.print(`peak: ${formatNumber(gigaflops)} GFLOP/s on one thread`);
  session.print('');
  session.print(rowsText('one training step', report.rows, 'train'));
  session.print('');
  session.print(rowsText('predicting a batch', report.rows, 'predict'));
  if (report.rows.some((row) => row.memcell.document !== undefined)) {
    session.print('');
    session.print(rowsText("the document's 1000 steps", report.rows, 'document'));
  }
  session.result(report);
}

/** What is printed of one figure: a line for each shape that has it. */
function rowsText(title: string, rows: readonly Row[], figure: 'train' | 'predict' | 'document'): string {
  const withFigure = rows.filter((row) => row.memcell[figure] !== undefined);
  const peak = figure === 'train';
  const head = [`${title}, ms`, 'memcell', '1 thread', ...(peak ? ['of peak'] : []), 'tfjs', 'tfjs / memcell'];
  return formatTable(
    head,
    withFigure.map((row) => {
      const [all, one, tfjs] = [row.memcell[figure], row.oneThread[figure], row.tfjs?.[figure]];
      return [
        [row.batch, row.steps, row.inputs, row.units].join(),
        text(all),
        text(one),
        ...(peak ? [`${Math.round(100 * row.shareOfPeak)} %`] : []),
        text(tfjs),
        all && tfjs ? (tfjs / all).toFixed(tfjs / all < 10 ? 1 : 0) : '–',
      ];
    }),
  );
}

function text(milliseconds: number | undefined): string {
  return milliseconds === undefined ? '–' : formatNumber(milliseconds);
}
