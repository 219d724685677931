import type { Table } from './table.js';

/** Where data comes from: read when it is asked for, as what it is asked for. */
export interface Source {
  /** For messages and for the record of training. */
  readonly name: string;
  /** As a table: CSV and its kin, JSON, JSON lines, Parquet; gzipped or not; one file or several. */
  table(): Promise<Table>;
  /** As text: UTF-8 or UTF-16, line ends as \n. */
  text(): Promise<string>;
}
