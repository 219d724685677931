/** Where a fit's backups are kept, by what its caller asked for. */
import { MemcellError } from '../errors.js';
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
  if (!isFolder(options.folder))
    throw new MemcellError(`backup: ${options.folder} is no folder on a disk, which backups need`, { code: 'usage' });
  const { BackupFolder } = await import('./backupFolder.js');
  return new BackupFolder(options, saveModel);
}
