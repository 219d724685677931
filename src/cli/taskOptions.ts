import { type Command, InvalidArgumentError, Option } from 'commander';
import { usageError } from '../errors.js';
import type { AnyFlags } from '../tasks/flags.js';
import type { TaskOption } from '../tasks/options.js';
import type { TaskKind } from '../tasks/settings.js';

/** Which of a task's tables of options a command takes. */
type Table = 'options' | 'predictOptions';

/** One flag of the command line, with the tasks that take it and the option that it is in each. */
interface Flag {
  flags: string;
  help: string;
  /** The name commander gives the value. */
  attribute: string;
  owners: Map<TaskKind, { name: string; option: TaskOption<unknown> }>;
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
        attribute,
        owners: new Map(),
        helps: new Map(),
      };
      flag.owners.set(task.kind, { name, option });
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

/** Adds the options of tasks to a command. Which task's check a value must pass is known later; one of them it must. */
export function addTaskOptions(command: Command, tasks: readonly AnyFlags[], table: Table): void {
  for (const { flags, help, owners } of flagsOf(tasks, table)) {
    const option = new Option(flags, help);
    const checks = [...owners.values()].map(({ option: { kind } }) => kind);
    if (option.required) {
      option.argParser((text) => {
        if (checks.some((kind) => kind.parse(text) !== undefined)) return text;
        throw new InvalidArgumentError(`It must be ${[...new Set(checks.map(({ what }) => what))].join(', or ')}.`);
      });
    }
    command.addOption(option);
  }
}

/**
 * The options of one task among the values that commander read.
 * @param refuse what becomes of an option that only other tasks take
 * @throws MemcellError (usage) for a value that only other tasks take
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
    const owned = owners.get(kind);
    if (owned === undefined) refuse?.(flags.split(/[ ,]/)[0], [...owners.keys()]);
    else own[owned.name] = optionValue(owned.option, values[attribute], flags, kind);
  }
  return own;
}

/** What commander read, a text or that the flag is there, as the task takes it. */
function optionValue({ kind: check }: TaskOption<unknown>, given: unknown, flags: string, kind: TaskKind): unknown {
  if (typeof given !== 'string') return given;
  const value = check.parse(given);
  if (value !== undefined) return value;
  throw usageError(`option '${flags}' argument '${given}' is invalid. For --${kind} it must be ${check.what}.`);
}
