/** A folder of backups of one fit, for Node; reached by a dynamic import. */
import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { MemcellError, usageError } from '../errors.js';
import type { BackupOptions, BackupStore, StoredBackup } from '../training/backup.js';
import { hasCode } from './folderLock.js';
import { reasonOf } from './modelJson.js';
import { isUnfinished, readState, removeUnfinished, writeState } from './stateFile.js';

/** Their order is that of their numbers. */
const stateFile = /^backup-(\d{6,})\.state$/;
const isBackup = (file: string) => stateFile.test(file);

type Options = BackupOptions & { keep: number; deleteCheckpoint: boolean };

/**
 * State files with rising numbers, each written whole or not at all; beside them the model as it was at the newest, a folder like
 * any other.
 */
export class BackupFolder implements BackupStore {
  readonly every: BackupStore['every'];
  readonly name: string;
  readonly keepsEnd: boolean;
  private readonly keep: number;

  constructor(
    { folder, epochs, steps, minutes, keep, deleteCheckpoint }: Options,
    private readonly saveModel: (folder: string) => Promise<void>,
  ) {
    this.name = folder;
    const others = steps !== undefined || minutes !== undefined;
    this.every = { epochs: epochs ?? (others ? undefined : 1), steps, minutes };
    this.keep = keep;
    this.keepsEnd = !deleteCheckpoint;
  }

  async newest(): Promise<StoredBackup | undefined> {
    const { name } = this;
    const numbers = await this.numbers();
    if (numbers.length === 0) {
      const others = await fs.readdir(name).catch((): string[] => []);
      if (others.includes('model.json') && !others.some((file) => isUnfinished(file, isBackup))) {
        throw usageError(`${name}: holds a model that is no backup; give backup a folder of its own`);
      }
    }
    let failure: unknown;
    for (const number of numbers.reverse()) {
      const path = this.path(number);
      try {
        return {
          ...(await readState(path)),
          ...(failure !== undefined && { note: `${reasonOf(failure)}; going on from ${path}` }),
        };
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure === undefined) return undefined;
    throw this.failed('cannot be read', failure);
  }

  async write(backup: StoredBackup): Promise<void> {
    const { name, keep } = this;
    try {
      const numbers = await this.numbers();
      const number = (numbers.at(-1) ?? 0) + 1;
      await writeState(name, fileOf(number), backup);
      for (const old of numbers.slice(0, Math.max(0, numbers.length + 1 - keep)))
        await fs.rm(this.path(old), { force: true });
      await removeUnfinished(name, isBackup);
    } catch (error) {
      throw this.failed('the backup cannot be written', error);
    }
    await this.saveModel(name);
  }

  async clear(): Promise<void> {
    const { name } = this;
    try {
      // The newest last: who is killed between goes on from it.
      for (const file of ['model.json', 'weights.bin']) await fs.rm(join(name, file), { force: true });
      for (const number of await this.numbers()) await fs.rm(this.path(number), { force: true });
      await removeUnfinished(name, isBackup);
      await fs.rmdir(name).catch(() => undefined);
    } catch (error) {
      throw this.failed('the backups cannot be removed', error);
    }
  }

  /** Of the backups that are there, rising. */
  private async numbers(): Promise<number[]> {
    const files = await fs.readdir(this.name).catch((error) => {
      if (hasCode(error, 'ENOENT')) return [];
      throw this.failed('cannot be read', error);
    });
    return files
      .flatMap((file) => Number(stateFile.exec(file)?.[1] ?? 0))
      .filter((n) => n > 0)
      .sort((a, b) => a - b);
  }

  private path(number: number): string {
    return join(this.name, fileOf(number));
  }

  private failed(what: string, cause: unknown): MemcellError {
    if (cause instanceof MemcellError) return cause;
    return new MemcellError(`${this.name}: ${what}: ${reasonOf(cause)}`, { code: 'io', cause });
  }
}

function fileOf(number: number): string {
  return `backup-${String(number).padStart(6, '0')}.state`;
}
