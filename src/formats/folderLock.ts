/**
 * Several saves into one folder: each has files of its own, and a lock for the moment at which it takes effect. Who has
 * died (a process that was killed) holds nothing: its files and its lock carry its name.
 */
import { randomBytes } from 'node:crypto';
import { promises as fs } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { MemcellError } from '../errors.js';

const lockFile = 'model.json.lock';

/** A lock is held for two renames; one this old was left by somebody who cannot be asked (another machine). */
const OLDEST_LOCK_MILLISECONDS = 30_000;
/** A lock whose holder died before writing its name, or is slow: it asks again before it renames. */
const OLDEST_NAMELESS_MILLISECONDS = 200;
/** Unfinished files of a saver who cannot be asked. */
const OLDEST_FILE_MILLISECONDS = 24 * 3_600_000;
const LONGEST_WAIT_MILLISECONDS = 60_000;

const host = hostname().replace(/[^A-Za-z0-9]/g, '') || 'host';
/** Tells this thread from others of the process, and from an earlier process of the same number. */
const instance = randomBytes(4).toString('hex');
const working = new Set<string>();
let count = 0;

/** A new saver's name, 'host.process.number', that it keeps until endSaver(). */
export function beginSaver(): string {
  const name = `${host}.${process.pid}.${instance}${(count++).toString(16)}`;
  working.add(name);
  return name;
}

export function endSaver(name: string): void {
  working.delete(name);
}

/** Whether a saver will never touch its files again, as far as this machine can tell. */
function isGone(name: string, ageMs: number, oldestMs: number): boolean {
  const [theirHost, pid, number] = name.split('.');
  if (theirHost !== host) return ageMs > oldestMs;
  if (Number(pid) === process.pid && number.startsWith(instance)) return !working.has(name);
  return !isRunning(Number(pid)) || ageMs > oldestMs;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !hasCode(error, 'ESRCH');
  }
}

/** A file that a save has not renamed yet: `weights.bin.HOST.PID.NUMBER.new`. */
export interface UnfinishedFile {
  path: string;
  /** The name that it is meant for. */
  target: string;
  bytes: number;
  /** Nobody will finish it. */
  stray: boolean;
}

/** Where a saver writes what is to become `target`. */
export function unfinishedPath(folder: string, target: string, saver: string): string {
  return join(folder, `${target}.${saver}.new`);
}

/** All files of unfinished saves that are meant for one of these names. */
export async function unfinishedFiles(folder: string, targets: readonly string[]): Promise<UnfinishedFile[]> {
  const found: UnfinishedFile[] = [];
  for (const name of await fs.readdir(folder)) {
    const target = targets.find((file) => name.startsWith(`${file}.`));
    const [, saver] = name.slice((target ?? name).length).match(/^(?:\.(\w+\.\d+\.[0-9a-f]+))?\.new$/) ?? ['', null];
    if (target === undefined || saver === null) continue;
    const path = join(folder, name);
    const stat = await fs.stat(path).catch(() => undefined);
    if (!stat?.isFile()) continue;
    const stray = saver === undefined || isGone(saver, Date.now() - stat.mtimeMs, OLDEST_FILE_MILLISECONDS);
    found.push({ path, target, bytes: stat.size, stray });
  }
  return found;
}

/**
 * Runs `job` while no other saver runs one in this folder; waits for those that do.
 * @param job is told how to ask whether the lock is still its own
 * @throws MemcellError 'io' after a minute of waiting
 */
export async function withLock<T>(
  folder: string,
  saver: string,
  job: (isMine: () => Promise<boolean>) => Promise<T>,
  longestWaitMs = LONGEST_WAIT_MILLISECONDS,
): Promise<T> {
  const lock = join(folder, lockFile);
  const end = Date.now() + longestWaitMs;
  while (!(await take(lock, saver))) {
    if (await removeIfGone(lock, saver)) continue;
    if (Date.now() >= end) {
      throw new MemcellError(
        `${lock}: another save has held this lock for ${longestWaitMs / 1000} s; if none is running, remove the file`,
        { code: 'io' },
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 2 + 18 * Math.random()));
  }
  try {
    return await job(async () => (await holderOf(lock)) === saver);
  } finally {
    // Twice: a lock that stays makes others wait.
    if ((await holderOf(lock)) === saver) await fs.rm(lock).catch(() => fs.rm(lock, { force: true }).catch(() => {}));
  }
}

async function take(lock: string, saver: string): Promise<boolean> {
  let handle: Awaited<ReturnType<typeof fs.open>>;
  try {
    handle = await fs.open(lock, 'wx');
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
  try {
    await handle.writeFile(saver).finally(() => handle.close());
  } catch (error) {
    await fs.rm(lock, { force: true });
    throw error;
  }
  return true;
}

/** The name in a lock; '' for none yet, undefined where there is no lock. */
async function holderOf(lock: string): Promise<string | undefined> {
  return fs.readFile(lock, 'utf8').catch(() => undefined);
}

/** Removes a lock whose holder is gone. Gives whether the lock is free now. */
async function removeIfGone(lock: string, saver: string): Promise<boolean> {
  const stat = await fs.stat(lock).catch(() => undefined);
  const holder = await holderOf(lock);
  if (stat === undefined || holder === undefined) return true;
  const age = Date.now() - stat.mtimeMs;
  const gone = holder === '' ? age > OLDEST_NAMELESS_MILLISECONDS : isGone(holder, age, OLDEST_LOCK_MILLISECONDS);
  if (!gone) return false;
  // Of several that see this, one may have taken the lock already: what is moved away is looked at before it is removed.
  const moved = `${lock}.${saver}`;
  await fs.rename(lock, moved).catch((error) => {
    if (!hasCode(error, 'ENOENT')) throw error;
  });
  const was = await holderOf(moved);
  if (was !== undefined && was !== holder) await fs.link(moved, lock).catch(() => {});
  await fs.rm(moved, { force: true });
  return true;
}

export function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
