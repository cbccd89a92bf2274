import { HoldfastError } from '@holdfast/core';

const NONCE_BYTES = 12;

/**
 * AES-256-GCM under a key that only wraps database keys. The nonce is random and stands before the
 * ciphertext: a key wraps a handful of times in its life, far from where random nonces repeat.
 */
export async function sealWith(kek: CryptoKey, plain: Uint8Array, context: Uint8Array): Promise<Uint8Array> {
  const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const sealed = await crypto.subtle.encrypt(gcm(iv, context), kek, owned(plain));
  const wrapped = new Uint8Array(NONCE_BYTES + sealed.byteLength);
  wrapped.set(iv);
  wrapped.set(new Uint8Array(sealed), NONCE_BYTES);
  return wrapped;
}

/** @throws HoldfastError `WrongKey`: another key, another context, or altered bytes; which, cannot be told */
export async function openWith(kek: CryptoKey, wrapped: Uint8Array, context: Uint8Array): Promise<Uint8Array> {
  const iv = wrapped.slice(0, NONCE_BYTES);
  try {
    return new Uint8Array(await crypto.subtle.decrypt(gcm(iv, context), kek, wrapped.slice(NONCE_BYTES)));
  } catch (cause) {
    throw new HoldfastError('WrongKey', 'the key slot does not open', { cause });
  }
}

function gcm(iv: Uint8Array<ArrayBuffer>, context: Uint8Array): AesGcmParams {
  return { name: 'AES-GCM', iv, additionalData: owned(context), tagLength: 128 };
}

/** WebCrypto takes no views on shared memory. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
