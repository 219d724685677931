/** The kernel module's exports. It imports its memory, has no data and allocates nothing. */
export { lstmPack, lstmPackTransposed, lstmUnpack, transposePanels } from './lstmPack';
export { lstmForward } from './lstmForward';
export { lstmBackward } from './lstmBackward';
export { outerProduct, product } from './product';
export { peak } from './peak';
