import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { run } from '../../src/cli/main.js';
import { expectDocument } from '../documents.js';
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

  it('of each command, whole', async () => {
    const printed = [];
    for (const command of commands) {
      const { code, out, err } = await memcell(command, '--help');
      printed.push({ command: `${command} --help`, code, out: out.trimEnd().split('\n'), err: [err] });
    }
    expectDocument('cli/help', printed);
  });

  it.each(commands.filter((command) => command !== 'help'))(
    'memcell %s -h lists --json and --debug',
    async (command) => {
      const { code, out: stdout } = await memcell(command, '-h');
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: memcell ${command}`);
      expect(stdout).toMatch(/--json .*\n.*--debug /);
      expect(stdout).toMatch(/Examples?:\n {2}memcell /);
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
    },
  );

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
