/** The kernel module's exports. It imports its memory, has no data and allocates nothing. */

export * from './attention/index';
export * from './elementwise/index';
export { contract, unitBackward, unitForward } from './dot';
export { convolveBackward, convolveForward, convolveGradients, layWindows } from './convolution';
export * from './engine';
export { gruBackward, gruForward, gruGradients } from './gru';
export { lstmBackwardSteps, lstmFinishBackward, lstmForward, lstmGradients, lstmStartBackward } from './lstm';
export { lstmPack, lstmPackTransposed, lstmUnpack, transposePanels } from './lstmPack';
export { outerProduct, product } from './product';
export { clearBeforeFirst, scanBackward, scanForward } from './scan';
export { simpleRnnBackward, simpleRnnForward, simpleRnnGradients } from './simpleRnn';
export { slstmBackward, slstmForward } from './slstm';
// Exported functions are not inlined: the loops of the tiles must stay functions of their own.
export * from './tiles';
