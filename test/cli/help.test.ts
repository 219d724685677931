import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { run } from '../../src/cli/main.js';
import { memcell } from './streams.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

const listed: { commands: { name: string }[] } = JSON.parse((await memcell('--json')).out);
const commands = listed.commands.map(({ name }) => name);

describe('help', () => {
  it('memcell --help', async () => {
    const { code, out: stdout, err: stderr } = await memcell('--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatchInlineSnapshot(`
"Usage: memcell COMMAND [ARGUMENTS] [OPTIONS]

Recurrent networks: trains on tables and text, predicts, and checks its own arithmetic.

Options:
  --version                          print the version
  -h, --help                         show this help; memcell COMMAND --help shows a command

Commands:
  train [options] <DATA>             train a model on a table, a text or a sequence, and save it
  predict [options] <MODEL> [DATA]   forecast what comes next, or tell the class of each row
  evaluate [options] <MODEL> <DATA>  tell how good a saved model is on a data file
  backtest [options] <DATA>          tell how good a model would have been, over several parts of
                                     the data
  tune [options] <DATA>              search for settings that suit the data better than the defaults
  generate [options] <MODEL>         write text with a model trained with --text
  report [options] <MODEL> [DATA]    write a page that shows a model: forecasts, errors, training,
                                     layers
  gates [options] <MODEL> [DATA]     show what a network's gates do with a sample, and what its
                                     output hangs on
  plot [options] <DATA> [COL...]     draw a table: over time, seasons, what is missing,
                                     distributions, correlations
  summary [options] <MODEL|SPEC>     show the layers of a saved model, or of layers written down
  convert [options] <FROM> <TO>      write a model in another format
  check [options]                    compare the kernels with tfjs's own layers on this machine
  bench [options]                    measure training and predicting beside tfjs's built-in layers
  help [options] [COMMAND]           show the help of memcell or of a command

Examples:
  memcell train weather.csv --forecast temp_max --out models/weather
  memcell predict models/weather weather.csv
  memcell summary "LSTM(50), Dense(10, softmax)" --input-shape 1,1

An error is one line and says what to do. Exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
"
`);
  });

  it.each(commands)('memcell help %s is what its --help shows', async (command) => {
    const [asked, told] = [await memcell('help', command), await memcell(command, '--help')];
    expect(asked).toEqual(told);
    expect(asked.out).toMatch(new RegExp(`^Usage: memcell ${command} `));
  });

  it('memcell train --help', async () => {
    const { code, out: stdout, err: stderr } = await memcell('train', '--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatchInlineSnapshot(`
"Usage: memcell train DATA TASK [OPTIONS]

Trains a model on a table, a text or a sequence, says what it understood of the data and how good
the model is on the part held out beside a simple guess, and saves it.

Arguments:
  DATA                    the file to train on

Task, one of:
  --forecast <COL,...>    forecast columns of a table, row by row
  --classify <COL>        tell a column's class from the rest of the row, from a group of rows or
                          from a text
  --text                  learn the next character of a text
  --symbols               learn the next symbol of a sequence of whole numbers, words or letters

Options of the task:
  --window <N>            forecast: rows that go into the network (what suits the season; plain 30);
                          text: tokens of a training step (32); symbols: symbols that go in (chosen
                          by held-out error)
  --horizon <H>           forecast: rows to forecast at once (one season, else 6; plain 1)
  --features <COL,...>    forecast, classify: columns that go in (all that can)
  --drop <COL,...>        forecast, classify: columns to leave out
  --time <COL[,COL]>      forecast, classify: the column that orders the rows, or a date and an hour
                          (found)
  --fill <HOW>            forecast, classify: missing values: linear (default; single rows: the
                          median), or none, which refuses them
  --missing <MARK,...>    forecast, classify: further marks of a missing value
  --decimal <SIGN>        forecast, classify: the decimal sign, where a column leaves it open: . or
                          ,
  --dates <FIRST>         forecast, classify: day or month: which comes first, where dates leave it
                          open
  --most-rows <N>         forecast, classify: rows held of a longer table, which is streamed
                          (500000)
  --known <COL,...>       forecast: columns known ahead, such as promotions and holidays
  --group <COL,...>       forecast: the columns that tell the series of a row, such as store,item;
                          classify: rows equal in these columns are one sequence
  --every <STEP>          forecast: bring rows to a step: 15min, 1h, 1d, 1w, 1mo, 1q, 1y (as they
                          are)
  --steps <T>             classify: each row is a sequence of T steps
  --text-column <COL>     classify: tell the class from the text in this column
  --tokens <KIND>         classify: cut texts into words or characters (words, where they come more
                          than once); text: what a text is cut into: characters, words or bpe
                          (characters)
  --class-weights <HOW>   classify: balanced: rare classes count as much as frequent ones
  --vocabulary <N>        text: words or byte pairs beside the characters, at most (5000, 1000)
  --pure                  text: the network alone, not mixed with counts

Model and training:
  --layers <SPEC>         such as "LSTM(64), Dropout(0.2), Dense(10, softmax)" (what suits the data)
  --plain                 as Keras would: scaled samples, one network, one fit, its last weights
  --epochs <N>            times through the data (what suits the data, by steps)
  --batch-size <N>        samples in a step
  --optimizer <NAME>      sgd, rmsprop, adam, adamw, adagrad, adamax, nadam or lion (adam)
  --learning-rate <R>     how far a step goes
  --validation-split <F>  the part that is held out to tell how good it is (0.2)
  --patience <N>          stop after N epochs without a better held-out loss, and keep the best
  --budget <SECONDS>      train for about so long at most, such as 30s or 5min
  --seed <N>              governs initial weights, shuffling and dropout (0)
  --threads <N>           threads at most; the result does not depend on it (all cores, up to 8)
  --sql <QUERY>           what to read of a table named data: "select * from data where year > 2015"
  --from <MODEL>          start from a trained model, of any format, or weights (.safetensors,
                          .weights.h5) with --layers; frozen layers stay frozen
  --dry-run               say what was understood of the data, and stop there
  --out <DIR>             the folder to save the model in (default: "model")
  --resume                go on with the same run, which was killed or stopped, from what is in
                          DIR.resume
  --checkpoint <TIME>     how often to write there what a killed run needs, such as 5min or "10
                          epochs" (1min)
  --force                 replace a model of another task, or one that memcell train did not save
  --report [FILE]         write a page that shows it (report.html)
  --plot                  draw it in the terminal, in characters
  --live [PORT]           show the training on a page as it goes, which can stop it (127.0.0.1, a
                          free port; or HOST:PORT)

Output:
  --json                  print one JSON document on standard output and nothing else
  --debug                 print the stack trace of an error
  -h, --help              show this help

Examples:
  memcell train weather.csv --forecast temp_max --out models/weather
  memcell train sales.csv --forecast sales --group store --known promo --horizon 14
  memcell train digits.csv --classify digit --steps 8 --layers "LSTM(64), Dense(10, softmax)"
  memcell train psalms.txt --text --budget 2min
  memcell train digits.txt --symbols --out models/digits
  memcell train new.csv --forecast sales --from models/sales --learning-rate 0.001 --out models/new

Data: a table (CSV and its kin, JSON, Parquet; gzipped or not; several by a pattern such as "2024-*.csv"; - is standard
input) for --forecast and --classify; plain text for --text; words or whole numbers for --symbols. Ctrl-C stops after
the batch and saves what there is; a second one quits at once.

--live prints the address of its page, which only this machine reaches and whose button does what Ctrl-C does. At the
end the page becomes the report and the process ends: the browser keeps the report until it is closed, or saves it.
"
`);
  });

  it.each([
    'train',
    'predict',
    'evaluate',
    'backtest',
    'tune',
    'generate',
    'plot',
    'summary',
    'convert',
    'check',
    'bench',
  ])('memcell %s -h lists --json and --debug', async (command) => {
    const { code, out: stdout } = await memcell(command, '-h');
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: memcell ${command}`);
    expect(stdout).toMatch(/--json .*\n.*--debug /);
    expect(stdout).toMatch(/Examples?:\n {2}memcell /);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
  });

  it('has examples that are understood: what stops them is a file that is not there', async () => {
    const examples = new Set<string>();
    for (const command of [[], ...commands.map((name) => [name])]) {
      const { out } = await memcell(...command, '--help');
      // What an example does stands beside some, after two spaces.
      for (const [, line] of out.slice(out.indexOf('Example')).matchAll(/^ {2}memcell (.*)$/gm)) {
        examples.add(line.split('  ')[0]);
      }
    }
    const before = process.cwd();
    const folder = mkdtempSync(join(tmpdir(), 'memcell-help-'));
    process.chdir(folder);
    try {
      for (const example of examples) {
        const [command, ...given] = Array.from(example.matchAll(/"([^"]*)"|\S+/g), ([all, inner]) => inner ?? all);
        // These run by themselves.
        if (command === 'bench' || command === 'check' || given[0]?.startsWith('LSTM(')) continue;
        const { code, err } = await memcell(command, ...given);
        const from = given.indexOf('--from');
        const ofData = ['train', 'tune', 'backtest', 'plot'].includes(command);
        const expected =
          ofData && from < 0
            ? `${given[0]}: no such file; check the path`
            : `${given[ofData ? from + 1 : 0]}: no such model folder`;
        expect({ example, code, err }).toEqual({ example, code: 1, err: `memcell: ${expected}\n` });
      }
      expect(readdirSync(folder)).toEqual([]);
    } finally {
      process.chdir(before);
      rmSync(folder, { recursive: true });
    }
    expect(examples.size).toBeGreaterThan(40);
  });

  it('without a command shows the help, as memcell help does; help COMMAND that of a command', async () => {
    const whole = await memcell('--help');
    expect(await memcell()).toEqual({ ...whole, code: 0 });
    expect(await memcell('help')).toEqual(whole);
    expect(await memcell('help', 'train')).toEqual(await memcell('train', '--help'));
    const { code, err } = await memcell('help', 'trian');
    expect([code, err]).toEqual([2, "memcell: unknown command 'trian'; did you mean train?\n"]);
  });

  it('nor behind --, where it is told on standard error that one is missing', async () => {
    expect(await memcell('--')).toEqual({ code: 2, out: '', err: (await memcell('--help')).out });
  });

  it('is as wide as the terminal, up to 100 columns', async () => {
    const widest = async (columns?: number) => {
      let out = '';
      const write = (text: string) => {
        out += text;
      };
      await run(['train', '--help'], { stdout: { write, ...(columns && { columns }) }, stderr: { write } });
      // The examples and what stands below them are as they are written.
      return Math.max(
        ...out
          .slice(0, out.indexOf('Example'))
          .split('\n')
          .map((line) => line.length),
      );
    };
    const [narrow, wide, wider, unknown] = [await widest(90), await widest(100), await widest(200), await widest()];
    expect([narrow <= 90, narrow < wide, wide <= 100, wider, unknown]).toEqual([true, true, true, wide, wide]);
  });

  it('with --json alone prints a document', async () => {
    const { code, out } = await memcell('--json');
    expect(code).toBe(0);
    expect(JSON.parse(out).commands).toContainEqual({
      name: 'help',
      summary: 'show the help of memcell or of a command',
    });
  });

  it('--version', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(await memcell('--version')).toEqual({ code: 0, out: `${version}\n`, err: '' });
  });

  it('does not load TensorFlow.js', () => {
    const script = join(root, 'dist/cli/main.js');
    const { stdout } = spawnSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { run } from ${JSON.stringify(script)};
         import { createRequire } from 'node:module';
         const quiet = { write() {} };
         await run(['train', '--help'], { stdout: quiet, stderr: quiet });
         const loaded = Object.keys(createRequire(import.meta.url).cache).filter((file) => file.includes('tensorflow'));
         console.log(loaded.length);`,
      ],
      { encoding: 'utf8', cwd: root },
    );
    expect(stdout).toBe('0\n');
  });
});
