/** All layers by name. Who looks one up imports it from here, so that those of the list are there. */
import './index.js';
import type * as functions from './index.js';

export { cellClasses, definitionOf, layerClasses } from './define.js';

/** Names of the layers, and of their cells, that memcell has. */
export type LayerClass = keyof typeof functions;
