import { type Command, InvalidArgumentError, Option } from 'commander';
import type { AnyFlags } from '../tasks/flags.js';
import type { TaskOption } from '../tasks/options.js';
import type { TaskKind } from '../tasks/settings.js';

/** Which of a task's tables of options a command takes. */
type Table = 'options' | 'predictOptions';

/** One flag of the command line, with the tasks that take it and the option's name in each. */
interface Flag {
  flags: string;
  help: string;
  option: TaskOption<unknown>;
  /** The name commander gives the value. */
  attribute: string;
  owners: Map<TaskKind, string>;
}

/** The flags of all tasks: one that several take stands once, with what it means for each. */
function flagsOf(tasks: readonly AnyFlags[], table: Table): Flag[] {
  const found = new Map<string, Flag & { helps: Map<string, TaskKind[]> }>();
  for (const task of tasks) {
    for (const [name, option] of Object.entries(task[table])) {
      if (table === 'options' && name === task.choose.option) continue;
      const attribute = new Option(option.flags).attributeName();
      const flag = found.get(attribute) ?? {
        flags: option.flags,
        help: '',
        option,
        attribute,
        owners: new Map(),
        helps: new Map(),
      };
      flag.owners.set(task.kind, name);
      flag.helps.set(option.help, [...(flag.helps.get(option.help) ?? []), task.kind]);
      found.set(attribute, flag);
    }
  }
  return [...found.values()].map(({ helps, ...flag }) => {
    const forAll = flag.owners.size === tasks.length && helps.size === 1;
    const help = [...helps].map(([text, owners]) => (forAll ? text : `${owners.join(', ')}: ${text}`)).join('; ');
    return { ...flag, help };
  });
}

/** Adds the options of tasks to a command. */
export function addTaskOptions(command: Command, tasks: readonly AnyFlags[], table: Table): void {
  for (const { flags, help, option } of flagsOf(tasks, table)) {
    command.addOption(
      new Option(flags, help).argParser((text) => {
        const value = option.kind.parse(text);
        if (value === undefined) throw new InvalidArgumentError(`It must be ${option.kind.what}.`);
        return value;
      }),
    );
  }
}

/**
 * The options of one task among the values that commander read.
 * @param refuse what becomes of an option that only other tasks take
 */
export function taskOptionsOf(
  tasks: readonly AnyFlags[],
  table: Table,
  kind: TaskKind,
  values: Readonly<Record<string, unknown>>,
  refuse?: (flag: string, owners: TaskKind[]) => never,
): Record<string, unknown> {
  const own: Record<string, unknown> = {};
  for (const { flags, attribute, owners } of flagsOf(tasks, table)) {
    if (values[attribute] === undefined) continue;
    const name = owners.get(kind);
    if (name === undefined) refuse?.(flags.split(/[ ,]/)[0], [...owners.keys()]);
    else own[name] = values[attribute];
  }
  return own;
}
