// @ts-check
/** How Python recognises that a piece of a file arrived as it was sent. */

/** The remainders of CRC-32 (IEEE 802.3, as in zlib) for each value of a byte. */
const REMAINDERS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
  }
  return remainder;
});

/**
 * SHA-256 where the page may compute it, which browsers allow over https and on this machine;
 * else CRC-32, which finds accidents and not forgeries.
 * @param {ArrayBuffer} data @returns {Promise<string>} Such as "sha256:9f86d0…".
 */
export async function checksum(data) {
  // Not there over plain http from another machine, whatever the types say.
  const subtle = /** @type {SubtleCrypto | undefined} */ (globalThis.crypto?.subtle);
  if (!subtle) return `crc32:${crc32(data).toString(16).padStart(8, "0")}`;
  const digest = new Uint8Array(await subtle.digest("SHA-256", data));
  return `sha256:${Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** @param {ArrayBuffer} data */
function crc32(data) {
  let crc = 0xffffffff;
  for (const byte of new Uint8Array(data)) {
    crc = (crc >>> 8) ^ /** @type {number} */ (REMAINDERS[(crc ^ byte) & 0xff]);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
