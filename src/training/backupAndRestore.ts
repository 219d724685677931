import type { EitherSpelling } from '../spelling.js';
import type { BackupOptions } from './backup.js';
import type { Callback } from './callbacks.js';
import { complete } from './options.js';

export interface BackupAndRestoreOptions {
  backupDir: string;
  /** 'epoch', or a number of batches. Default 'epoch'. */
  saveFreq?: 'epoch' | number;
  /** Removes the backups when the training has come to its end. Default true. */
  deleteCheckpoint?: boolean;
}

/** Keras's name for fit's option `backup`, which can do more. */
export class BackupAndRestore implements Callback {
  /** As fit's option. */
  readonly backup: BackupOptions;

  constructor(options: EitherSpelling<BackupAndRestoreOptions>) {
    const defaults = { saveFreq: 'epoch' as 'epoch' | number, deleteCheckpoint: true };
    const { backupDir, saveFreq, deleteCheckpoint } = complete('BackupAndRestore', defaults, options, {
      backupDir: 'string',
      saveFreq: 'other',
      deleteCheckpoint: 'boolean',
    });
    this.backup = {
      folder: backupDir,
      deleteCheckpoint,
      ...(saveFreq === 'epoch' ? { epochs: 1 } : { steps: saveFreq }),
    };
  }
}
