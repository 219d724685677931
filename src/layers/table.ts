/** All layers by name. Who looks one up imports it from here, so that those of the list are there. */
import * as functions from './index.js';

export { definitionOf, layerClasses } from './define.js';

/** Names of the layers that memcell has. */
export type LayerClass = keyof typeof functions;

/** What makes them in code. A bundler that leaves out what nothing names keeps all of them for this. */
export const layerFunctions: Readonly<Record<LayerClass, unknown>> = functions;
