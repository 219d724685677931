import { ATTENTION_FIELDS } from './generated/attention.js';

/**
 * The record that tells the attention kernels what to do: 32-bit words in the order of the class Attention in
 * assembly/attention/job.ts, which says what they mean.
 */
export type AttentionField = (typeof ATTENTION_FIELDS)[number];

/** Words of the record. */
export const ATTENTION_WORDS = ATTENTION_FIELDS.length;

/** Where each field lies in it. */
export const ATTENTION_FIELD = Object.fromEntries(ATTENTION_FIELDS.map((name, index) => [name, index])) as Record<
  AttentionField,
  number
>;

/** The fields that are floats; the others are whole numbers. */
export const ATTENTION_FLOATS: ReadonlySet<AttentionField> = new Set(['scale', 'lowered', 'kept']);

/** Words that the kernel which tells the size of the scratch writes. */
export const SCRATCH_LAYOUT_WORDS = 32;
