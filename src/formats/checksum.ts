/** SHA-256 as 64 hexadecimal digits; undefined where the platform has none (a web page that was not loaded over https). */
export async function sha256(bytes: ArrayBuffer): Promise<string | undefined> {
  const digest = await globalThis.crypto?.subtle?.digest('SHA-256', bytes);
  return digest && Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
