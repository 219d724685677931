/** A file that a callback adds to, and that a resumed fit cuts to what the backup knew of it. */
import { MemcellError } from '../errors.js';

/** It is open while something is written alone: nothing is left to close by a fit that ends in an error. */
export class LogFile {
  private bytes = 0;

  constructor(private readonly path: string) {}

  /** Bytes so far, once it is begun. */
  get size(): number {
    return this.bytes;
  }

  /**
   * Makes the file, and the folders that it is in, where they are not there.
   * @param keep bytes of what is there that stay: all, or as many as a backup knew
   * @returns whether they were there
   * @throws MemcellError 'io'
   */
  async begin(keep: number | 'all'): Promise<boolean> {
    const { appendFile, mkdir, stat, truncate } = await import('node:fs/promises');
    const { dirname } = await import('node:path');
    try {
      await mkdir(dirname(this.path), { recursive: true });
      await appendFile(this.path, '');
      const { size } = await stat(this.path);
      this.bytes = keep === 'all' ? size : Math.min(keep, size);
      if (this.bytes < size) await truncate(this.path, this.bytes);
      return keep === 'all' || size >= keep;
    } catch (error) {
      throw this.failed(error);
    }
  }

  async append(data: string | Uint8Array): Promise<void> {
    const { appendFile } = await import('node:fs/promises');
    try {
      const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
      await appendFile(this.path, bytes);
      this.bytes += bytes.length;
    } catch (error) {
      throw this.failed(error);
    }
  }

  private failed(cause: unknown): MemcellError {
    const reason = cause instanceof Error ? cause.message.replace(/\s+/g, ' ') : String(cause);
    return new MemcellError(`${this.path}: cannot be written: ${reason}`, { code: 'io', cause });
  }
}
