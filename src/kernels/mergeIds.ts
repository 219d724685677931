/** How Bidirectional and layers of several inputs merge, by number: shared by the AssemblyScript kernels and the engine's plan; constants only. */
export enum MergeId {
  sum = 0,
  mul = 1,
  ave = 2,
  subtract = 3,
  maximum = 4,
  minimum = 5,
}
