import { type AddCommand, type Session, withCommonOptions } from './command.js';
import { parseCount } from './values.js';

interface Options {
  sample: number;
  html: string;
}

const examples = `
Examples:
  memcell gates models/digits digits.csv --sample 3
  memcell gates models/psalms psalms.txt --html psalms-gates.html
  memcell gates models/weather --json`;

/** memcell gates: what a recurrent network keeps and forgets while it reads a sample. */
export const addGates: AddCommand = (program, session) => {
  const command = program
    .command('gates')
    .summary("show what a network's gates do with a sample, and what its output hangs on")
    .description(
      'Draws the gates, cells and states of every LSTM and GRU of a saved model over the steps of one sample, and what each step adds to the output.',
    )
    .usage('MODEL [DATA] [OPTIONS]')
    .argument('<MODEL>', 'the folder of a model that memcell train saved')
    .argument('[DATA]', 'a file like the one it was trained on (forecasts: the end of the training data)')
    .option('--sample <N>', 'which row, group, series or window of the data', parseCount, 1)
    .option('--html <FILE>', 'the page', 'gates.html')
    .addHelpText('after', examples);
  withCommonOptions(command).action((folder: string, data: string | undefined, options: Options) =>
    gates(folder, data, options, session),
  );
};

async function gates(folder: string, data: string | undefined, options: Options, session: Session): Promise<void> {
  const [{ loadSaved }, { openSource }, { networkInput }] = await Promise.all([
    import('../tasks/saved.js'),
    import('../data/source.js'),
    import('../tasks/networkInput.js'),
  ]);
  const loaded = await loadSaved(folder);
  try {
    const { sample, html } = options;
    const source = data === undefined ? undefined : openSource(data);
    const input = await networkInput(loaded, source, sample);
    if (session.json) {
      const told = await loaded.model.gates(input.x);
      const attribution = await loaded.model.attribute(input.x);
      const layers = told.map(({ gates: all, ...rest }) => ({
        ...rest,
        gates: Object.fromEntries(Object.entries(all).map(([name, values]) => [name, Array.from(values)])),
      }));
      const { values, ...explained } = attribution;
      const { name, tokens } = input;
      session.result({
        model: folder,
        sample: name,
        ...(tokens && { tokens }),
        layers,
        attribution: { ...explained, shape: values.shape, values: Array.from(values.data) },
      });
      return;
    }
    const [{ writeContent }, { gatesPage }, { showGates }] = await Promise.all([
      import('../data/write.js'),
      import('../report/index.js'),
      import('../report/gates.js'),
    ]);
    await writeContent(await gatesPage(`The gates of ${folder}`, await showGates(loaded.model, input)), html);
    session.print(`the gates are in ${html}`);
  } finally {
    loaded.model.dispose();
  }
}
