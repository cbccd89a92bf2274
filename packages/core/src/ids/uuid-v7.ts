const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/**
 * A UUIDv7 (RFC 9562 §5.7) from the time in milliseconds since 1970 and ten random bytes. Ids made
 * later sort later, which keeps the indexes they are written into dense.
 */
export function uuidV7(nowMs: number, random: Uint8Array): string {
  const ms = Math.max(0, Math.min(Math.trunc(nowMs), 0xffff_ffff_ffff));
  const time = ms.toString(16).padStart(12, '0');
  const byte = (index: number) => random[index] ?? 0;
  const hex = (from: number, to: number) => {
    let text = '';
    for (let i = from; i < to; i += 1) text += HEX[byte(i)];
    return text;
  };
  const version = HEX[0x70 | (byte(0) & 0x0f)];
  const variant = HEX[0x80 | (byte(2) & 0x3f)];
  return `${time.slice(0, 8)}-${time.slice(8)}-${version}${HEX[byte(1)]}-${variant}${HEX[byte(3)]}-${hex(4, 10)}`;
}
