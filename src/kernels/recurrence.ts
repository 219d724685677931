/**
 * The record that tells the recurrent kernels what to do: 32-bit words in the order of the class Recurrence in
 * assembly/recurrence.ts, which says what they mean.
 */
const FIELDS = [
  'batch',
  'steps',
  'inputs',
  'units',
  'goBackwards',
  'wide',
  'activation',
  'recurrentActivation',
  'one',
  'x',
  'xRow',
  'xStep',
  'mask',
  'maskRow',
  'maskStep',
  'first',
  'h0',
  'c0',
  'inputDropout',
  'recurrentDropout',
  'packed',
  'z',
  'zRow',
  'zStep',
  'zTurns',
  'gates',
  'gatesRow',
  'gatesStep',
  'preactivations',
  'reset',
  'resetRow',
  'resetStep',
  'kept',
  'keptRow',
  'keptStep',
  'carry',
  'constants',
  'sequences',
  'sequencesRow',
  'sequencesStep',
  'last',
  'lastRow',
  'hT',
  'cT',
  'dSequences',
  'dSequencesRow',
  'dSequencesStep',
  'dLast',
  'dLastRow',
  'dhT',
  'dcT',
  'packedTransposed',
  'dz',
  'dzRow',
  'dc',
  'dGates',
  'dGatesRow',
  'dPanels',
  'dPanelsStep',
  'dPanelsTurns',
  'dPanel',
  'dx',
  'dxRow',
  'dxStep',
  'dh0',
  'dc0',
] as const;

type Field = (typeof FIELDS)[number];

/** Words of the record. */
export const RECURRENCE_WORDS = FIELDS.length;

/** Where each field lies in it. Fields hold addresses, counts and distances in bytes; 0 for what is not there. */
export const FIELD = Object.fromEntries(FIELDS.map((name, index) => [name, index])) as Record<Field, number>;

/** What the field `one` holds for a cell with bias: the bits of the float 1. */
export const ONE = 0x3f800000;

/** Floats of the table of constants that the kernels keep. */
export const RECURRENCE_CONSTANTS = 40;
