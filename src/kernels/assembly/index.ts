/** The kernel module's exports. It imports its memory, has no data and allocates nothing. */

export { lstmBackward } from './lstmBackward';
export { lstmForward } from './lstmForward';
export { lstmPack, lstmPackTransposed, lstmUnpack, transposePanels } from './lstmPack';
export { peak } from './peak';
export { outerProduct, product } from './product';
export * from './elementwise/index';
