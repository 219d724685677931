export { counted, formatDuration, formatNumber, formatTable, percent } from '../format.js';
