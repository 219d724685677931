export { Fields } from '../fields.js';
