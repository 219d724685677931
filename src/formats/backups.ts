/** Where a fit's backups are kept, by what its caller asked for. */
import { usageError } from '../errors.js';
import { shown } from '../spelling.js';
import type { BackupOptions, BackupStore } from '../training/backup.js';
import { isFolder } from './location.js';

/**
 * @param saveModel saves the model as it is
 * @throws MemcellError 'usage' in a browser, or for an address
 */
export async function openBackups(
  options: (BackupOptions & { keep: number; deleteCheckpoint: boolean }) | BackupStore,
  saveModel: (folder: string) => Promise<void>,
): Promise<BackupStore> {
  if ('newest' in options) return options;
  checkBackupFolder(options.folder);
  const { BackupFolder } = await import('./backupFolder.js');
  return new BackupFolder(options, saveModel);
}

/** @throws MemcellError 'usage' for an address, or what is no folder */
export function checkBackupFolder(folder: unknown): asserts folder is string {
  if (folder === undefined) throw usageError('backup: folder is missing; give the folder that keeps the backups');
  if (typeof folder !== 'string' || !isFolder(folder))
    throw usageError(`backup: ${shown(folder)} is no folder on a disk, which backups need`);
}
