import { RECURRENCE_FIELDS } from './generated/recurrence.js';

/**
 * The record that tells the recurrent kernels what to do: 32-bit words in the order of the class Recurrence in
 * assembly/recurrence.ts, which says what they mean.
 */

type Field = (typeof RECURRENCE_FIELDS)[number];

/** Words of the record. */
export const RECURRENCE_WORDS = RECURRENCE_FIELDS.length;

/** Where each field lies in it. Fields hold addresses, counts and distances in bytes; 0 for what is not there. */
export const FIELD = Object.fromEntries(RECURRENCE_FIELDS.map((name, index) => [name, index])) as Record<Field, number>;

/** What the field `one` holds for a cell with bias: the bits of the float 1. */
export const ONE = 0x3f800000;

/** The next whole multiple. */
export const roundUp = (value: number, multiple: number) => Math.ceil(value / multiple) * multiple;

/** Floats of the table of constants that the kernels keep. */
export const RECURRENCE_CONSTANTS = 40;
