/** The kernels that go element by element or row by row, for the module's entry file. */

export * from './activationGradients';
export * from './activations';
export * from './activity';
export * from './batchnorm';
export * from './classLosses';
export * from './dropout';
export * from './embedding';
export * from './focalLosses';
export * from './gelu';
export * from './layernorm';
export * from './losses';
export * from './norms';
export * from './optimizers';
export * from './pooling';
export * from './poolingWindows';
export * from './regressionLosses';
export * from './rectifiers';
export * from './rmsnorm';
export * from './sequences';
export * from './spread';
export * from './standardize';
