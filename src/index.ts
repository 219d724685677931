export { MemcellError } from './errors.js';
