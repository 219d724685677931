/** The kernels of attention, for the module's entry file. */

export { attentionBackward } from './backward';
export { attentionForward, attentionScratch } from './forward';
