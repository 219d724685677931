/** Kernels that go from rows to rows, called with the rows themselves. */
import type { MergeId } from '../kernels/mergeIds.js';
import type { Kernels } from './kernels.js';
import type { Range, Rows } from './rows.js';

/** to ← from for a share of the batch: the features and steps that both have, where not told how many. */
export function copyRows(
  kernels: Kernels,
  from: Rows,
  to: Rows,
  share: Range,
  width = Math.min(from.width, to.width),
  steps = Math.min(from.steps, to.steps),
): void {
  kernels.copySequence(
    from.address,
    from.stepStride,
    from.rowStride,
    to.address,
    to.stepStride,
    to.rowStride,
    width,
    steps,
    share.from,
    share.to,
  );
}

/** to ← to + from for a share of the batch: the features and steps that both have. */
export function addRows(kernels: Kernels, from: Rows, to: Rows, share: Range): void {
  kernels.addSequence(
    from.address,
    from.stepStride,
    from.rowStride,
    to.address,
    to.stepStride,
    to.rowStride,
    Math.min(from.width, to.width),
    Math.min(from.steps, to.steps),
    share.from,
    share.to,
  );
}

/** to ← a and b joined, element by element, for a share of the batch. */
export function mergeRows(kernels: Kernels, how: MergeId, a: Rows, b: Rows, to: Rows, share: Range): void {
  kernels.mergeForward(
    how,
    a.address,
    a.stepStride,
    a.rowStride,
    b.address,
    b.stepStride,
    b.rowStride,
    to.address,
    to.stepStride,
    to.rowStride,
    to.width,
    to.steps,
    share.from,
    share.to,
  );
}
