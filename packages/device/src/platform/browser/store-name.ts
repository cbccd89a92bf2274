/** A name for a user's store that any file system takes and that does not tell who it is. */
export async function storeName(app: string, user: string): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify([app, user]));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', text));
  return Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
