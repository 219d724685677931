/** All layers by name. Who looks one up imports it from here, so that those of the list are there. */
import './index.js';
import type * as functions from './index.js';

export { definitionOf, layerClasses } from './define.js';

/** Names of the layers that memcell has. */
export type LayerClass = keyof typeof functions;
