/** A file that a callback adds to, and that a resumed fit cuts to what the backup knew of it. */
import type { FileHandle } from 'node:fs/promises';
import { MemcellError } from '../errors.js';

export class LogFile {
  private handle: FileHandle | undefined;
  private bytes = 0;

  constructor(private readonly path: string) {}

  /** Bytes so far, once it is open. */
  get size(): number {
    return this.bytes;
  }

  /**
   * Opens the file, and makes the folders that it is in.
   * @param keep bytes of what is there that stay: all, or as many as a backup knew
   * @returns whether they were there
   * @throws MemcellError 'io'
   */
  async open(keep: number | 'all'): Promise<boolean> {
    const { mkdir, open } = await import('node:fs/promises');
    const { dirname } = await import('node:path');
    try {
      await mkdir(dirname(this.path), { recursive: true });
      this.handle = await open(this.path, 'a');
      const { size } = await this.handle.stat();
      this.bytes = keep === 'all' ? size : Math.min(keep, size);
      if (this.bytes < size) await this.handle.truncate(this.bytes);
      return keep === 'all' || size >= keep;
    } catch (error) {
      throw this.failed(error);
    }
  }

  async append(data: string | Uint8Array): Promise<void> {
    try {
      const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
      await this.handle?.appendFile(bytes);
      this.bytes += bytes.length;
    } catch (error) {
      throw this.failed(error);
    }
  }

  async close(): Promise<void> {
    await this.handle?.close();
    this.handle = undefined;
  }

  private failed(cause: unknown): MemcellError {
    const reason = cause instanceof Error ? cause.message.replace(/\s+/g, ' ') : String(cause);
    return new MemcellError(`${this.path}: cannot be written: ${reason}`, { code: 'io', cause });
  }
}
