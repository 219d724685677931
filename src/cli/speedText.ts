import type { Speed } from '../kernels/module.js';
import type { WideStatus } from '../kernels/wide.js';

/** Which of the kernels' speeds runs, and why wide does or does not. */
export function speedText(speed: Speed, wide: WideStatus): string {
  return `kernels: ${speed} (wide ${wide.enabled ? 'on' : 'off'}: ${wide.reason})`;
}
