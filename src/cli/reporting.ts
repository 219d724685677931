import type { Command } from 'commander';
import type { Described } from '../report/index.js';
import type { Session } from './command.js';

/** What --report takes its name from when it has none. */
const defaultFile = 'report.html';

/** Adds --report, which every command that scores or predicts has. */
export function addReportOption(command: Command): Command {
  return command.option('--report [FILE]', `write a page that shows it (${defaultFile})`);
}

/** Writes the page that --report asks for; nothing without it. */
export async function writeReport(
  option: string | true | undefined,
  of: Omit<Described, 'command'>,
  session: Session,
): Promise<string | undefined> {
  if (option === undefined) return undefined;
  return keepPage(option, await pageFor(of, session), session);
}

/** The page of what a command did. */
export async function pageFor(of: Omit<Described, 'command'>, session: Session): Promise<string> {
  const { reportPage } = await import('../report/index.js');
  return reportPage({ ...of, command: session.commandLine });
}

/** Writes a page where --report says, and tells so. */
export async function keepPage(option: string | true, page: string, session: Session): Promise<string> {
  const file = option === true ? defaultFile : option;
  const { writeContent } = await import('../data/write.js');
  await writeContent(page, file);
  session.note(`the report is in ${file}`);
  return file;
}
