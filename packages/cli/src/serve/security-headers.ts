/**
 * What a page of the app may do: run its own scripts and its own wasm, in its own workers, and speak to
 * the server it came from, under any of its addresses. Nothing from elsewhere, and no other site may frame it.
 */
const contentSecurityPolicy = (addresses: readonly string[]) =>
  [
    "default-src 'self'",
    // SQLite is compiled to wasm.
    "script-src 'self' 'wasm-unsafe-eval'",
    // Accessible components put a few rules into style elements while they are pressed or open.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "worker-src 'self'",
    ["connect-src 'self'", ...addresses].join(' '),
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');

export const securityHeaders = (addresses: readonly string[]) => ({
  'content-security-policy': contentSecurityPolicy(addresses),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
});
