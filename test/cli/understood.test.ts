/** Small tables that are easily misread: what is understood of each with the options that a user would give. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { file, memcell, temporaryFolder } from './streams.js';

const folder = 'test/fixtures/tables';
const written = temporaryFolder();
/** Commands ('$ train …'), each with what it must print, apart from spaces that align it. */
const blocks = readFileSync(`${folder}/understood.txt`, 'utf8')
  .split(/^\$ /m)
  .slice(1)
  .map((block) => block.trimEnd().split('\n'));

async function dryRun(command: string): Promise<string[]> {
  const words = command.match(/"[^"]*"|\S+/g)?.map((word) => word.replaceAll('"', '')) ?? [];
  const [name, file, ...options] = words;
  const { code, out, err } = await memcell(name, `${folder}/${file}`, ...options, '--dry-run');
  const said = `${out}${err}`.replaceAll(`${folder}/`, '').trimEnd().split('\n');
  const lines = said.map((line) => line.replace(/ {2,}/g, ' ').trim());
  return code === 0 ? lines : [...lines, `exit ${code}`];
}

describe('what is understood of a table', () => {
  it.each(blocks)('%s', async (command, ...lines) => {
    expect(await dryRun(command)).toEqual(lines);
  });

  it('every table here is among them', () => {
    const named = new Set(blocks.map(([command]) => command.split(' ')[1]));
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /\.\w+$/.test(file));
    expect(files.filter((file) => !named.has(file)).sort()).toEqual(['understood.txt']);
  });
});

it('a column is named as the file has it, with two spaces too', async () => {
  const data = file(written, 'spaced.csv', `day,units  sold\n${'2021-01-01,1\n2021-01-02,2\n'}`);
  const { code, out } = await memcell('train', data, '--forecast', 'units  sold', '--dry-run');
  expect([code, out]).toEqual([0, expect.stringContaining('units sold: number')]);
});
