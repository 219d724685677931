/** How Bidirectional merges, by number: shared by the AssemblyScript kernels and the engine's plan; constants only. */
export enum MergeId {
  sum = 0,
  mul = 1,
  ave = 2,
}
