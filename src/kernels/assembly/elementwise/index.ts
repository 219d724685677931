/** The kernels that go element by element or row by row, for the module's entry file. */
export * from './activations';
export * from './activationGradients';
