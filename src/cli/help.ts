import type { Command } from 'commander';
import { didYouMean } from '../data/suggest.js';
import { usageError } from '../errors.js';
import { version } from '../version.js';
import { type AddCommand, type Session, withCommonOptions } from './command.js';

/** memcell help: the help of memcell, or of one command. */
export const addHelp: AddCommand = (program, session) => {
  const command = program
    .command('help')
    .summary('show the help of memcell or of a command')
    .description('Shows the help of memcell, or of one command.')
    .usage('[COMMAND]')
    .argument('[COMMAND]', 'the command that is to be explained');
  withCommonOptions(command).action((name: string | undefined) => {
    if (name === undefined) {
      showCommands(program, session);
      return;
    }
    const known = program.commands.map((one) => one.name());
    const found = program.commands.find((one) => one.name() === name);
    if (!found) {
      const remedy = didYouMean(name, known) || `; the commands are ${known.join(', ')}`;
      throw usageError(`unknown command '${name}'${remedy}`);
    }
    if (!session.json) found.outputHelp();
    session.result({ command: name, usage: `memcell ${name} ${found.usage()}`, description: found.description() });
  });
};

/** What memcell does: for people its help, for programs its version and commands. */
export function showCommands(program: Command, session: Session): void {
  if (!session.json) {
    program.outputHelp();
    return;
  }
  const commands = program.commands.map((one) => ({ name: one.name(), summary: one.summary() }));
  session.result({ version, commands });
}
