import { madd } from './tiles';

/**
 * Runs `rounds` of ten 4-wide multiply-adds in registers and stores the sums (160 bytes), which keeps them: 80 flops a round, this
 * machine's limit for the module's speed.
 */
export function peak(rounds: i32, out: usize): void {
  const x = v128.load32_splat(out);
  const y = v128.load32_splat(out, 4);
  let a0 = x;
  let a1 = x;
  let b0 = x;
  let b1 = x;
  let c0 = x;
  let c1 = x;
  let d0 = x;
  let d1 = x;
  let e0 = x;
  let e1 = x;
  while (rounds > 0) {
    a0 = madd(y, y, a0);
    a1 = madd(y, y, a1);
    b0 = madd(x, y, b0);
    b1 = madd(x, y, b1);
    c0 = madd(x, x, c0);
    c1 = madd(x, x, c1);
    d0 = madd(x, y, d0);
    d1 = madd(x, y, d1);
    e0 = madd(y, x, e0);
    e1 = madd(y, x, e1);
    --rounds;
  }
  v128.store(out, a0);
  v128.store(out, a1, 16);
  v128.store(out, b0, 32);
  v128.store(out, b1, 48);
  v128.store(out, c0, 64);
  v128.store(out, c1, 80);
  v128.store(out, d0, 96);
  v128.store(out, d1, 112);
  v128.store(out, e0, 128);
  v128.store(out, e1, 144);
}
