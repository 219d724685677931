import { type AddCommand, type Session, withCommonOptions } from './command.js';
import { writeReport } from './reporting.js';

interface Options {
  from?: string;
  out: string;
}

const examples = `
Examples:
  memcell report models/weather
  memcell report models/weather weather.csv --out weather.html
  memcell train weather.csv --forecast temp_max --report`;

/** memcell report: a page that shows what a saved model does, and how good it is on data. */
export const addReport: AddCommand = (program, session) => {
  const command = program
    .command('report')
    .summary('write a page that shows a model: forecasts, errors, training, layers')
    .description(
      'Writes one HTML file that opens without a network: what the model forecasts or tells, how good it is on the data given, how it was trained, its layers.',
    )
    .usage('MODEL [DATA] [OPTIONS]')
    .argument('<MODEL>', 'the folder of a model that memcell train saved')
    .argument('[DATA]', 'a file like the one it was trained on: the model is scored on it')
    .option('--from <ROW|TIME>', 'forecasts: the first row, or time, that is scored (the first one not trained on)')
    .option('--out <FILE>', 'the page', 'report.html')
    .addHelpText('after', examples);
  withCommonOptions(command).action((folder: string, data: string | undefined, options: Options) =>
    report(folder, data, options, session),
  );
};

async function report(folder: string, data: string | undefined, options: Options, session: Session): Promise<void> {
  const [{ loadSaved }, { tasks }, { openSource }, { Pictures }] = await Promise.all([
    import('../tasks/saved.js'),
    import('../tasks/index.js'),
    import('../data/source.js'),
    import('../tasks/shown.js'),
  ]);
  const { from, out } = options;
  const loaded = await loadSaved(folder);
  try {
    const task = tasks[loaded.kind];
    const pictures = new Pictures();
    const scoring = { shown: pictures.add, ...(from !== undefined && { from }) };
    const source = data === undefined ? undefined : openSource(data);
    const evaluation = source && (await task.evaluate(loaded, source, scoring));
    await writeReport(
      out,
      {
        loaded,
        pictures,
        ...(evaluation && { evaluation }),
        ...(data !== undefined && { data }),
        ...(source && { source }),
      },
      session,
    );
    session.result({ model: folder, ...(data !== undefined && { data, evaluation }), report: out });
  } finally {
    loaded.model.dispose();
  }
}
