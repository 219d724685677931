/** Numbers of 16 bits, as 32-bit floats: every one of them is a float32. */

const view = new DataView(new ArrayBuffer(4));

/** IEEE 754 binary16: 1 sign, 5 exponent (bias 15), 10 mantissa bits. */
export function floatOfHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

/** bfloat16: the upper half of a float32. */
export function floatOfBfloat16(bits: number): number {
  view.setUint16(0, bits & 0xffff);
  view.setUint16(2, 0);
  return view.getFloat32(0);
}
