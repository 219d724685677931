/** Copies and sums of rows of floats whose length need not be a multiple of a vector; pairs of vectors are for the revectorizer to join. */

/** to[0…n) = from[0…n) */
export function copyRow(to: usize, from: usize, n: i32): void {
  for (; n >= 8; n -= 8) {
    const a = v128.load(from), b = v128.load(from, 16);
    v128.store(to, a);
    v128.store(to, b, 16);
    to += 32;
    from += 32;
  }
  for (; n >= 4; n -= 4) {
    v128.store(to, v128.load(from));
    to += 16;
    from += 16;
  }
  for (; n > 0; --n) {
    store<f32>(to, load<f32>(from));
    to += 4;
    from += 4;
  }
}

/** to[0…n) += from[0…n) */
export function addRow(to: usize, from: usize, n: i32): void {
  for (; n >= 8; n -= 8) {
    const a = f32x4.add(v128.load(to), v128.load(from));
    const b = f32x4.add(v128.load(to, 16), v128.load(from, 16));
    v128.store(to, a);
    v128.store(to, b, 16);
    to += 32;
    from += 32;
  }
  for (; n >= 4; n -= 4) {
    v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
    to += 16;
    from += 16;
  }
  for (; n > 0; --n) {
    store<f32>(to, load<f32>(to) + load<f32>(from));
    to += 4;
    from += 4;
  }
}

/** to[0…n) *= from[0…n) */
export function multiplyRow(to: usize, from: usize, n: i32): void {
  for (; n >= 4; n -= 4) {
    v128.store(to, f32x4.mul(v128.load(to), v128.load(from)));
    to += 16;
    from += 16;
  }
  for (; n > 0; --n) {
    store<f32>(to, load<f32>(to) * load<f32>(from));
    to += 4;
    from += 4;
  }
}

/** to[0…n) = 0 */
export function zeroRow(to: usize, n: i32): void {
  for (; n >= 4; n -= 4) {
    v128.store(to, f32x4.splat(0));
    to += 16;
  }
  for (; n > 0; --n) {
    store<f32>(to, 0);
    to += 4;
  }
}

/** m rows of n floats, `toStride` and `fromStride` bytes apart; from = 0 stands for zeros. */
export function copyRows(m: i32, n: i32, to: usize, toStride: usize, from: usize, fromStride: usize): void {
  for (; m > 0; --m) {
    if (from) copyRow(to, from, n);
    else zeroRow(to, n);
    to += toStride;
    from += from ? fromStride : 0;
  }
}

/** m rows of n floats: to += from. */
export function addRows(m: i32, n: i32, to: usize, toStride: usize, from: usize, fromStride: usize): void {
  for (; m > 0; --m) {
    addRow(to, from, n);
    to += toStride;
    from += fromStride;
  }
}
