/**
 * What an answer asks of the device (NW4, NW5).
 *
 * - `answered`: it may be the server's; its body has to prove it
 * - `down`: whoever said this is not the server: no try is counted
 * - `needs-auth`: only a fresh token helps
 * - `upgrade-required`: one side is too old for the other (SY13)
 * - `busy`: it passes; the same is sent again later
 * - `too-large`, `malformed`: halves of the batch find the transaction it speaks of
 * - `conflict`: the server has something newer; the same as `malformed` where a batch was sent
 * - `rejected`: it speaks of the request as a whole, such as of the device's id
 */
export type AnswerClass =
  | 'answered'
  | 'down'
  | 'needs-auth'
  | 'upgrade-required'
  | 'busy'
  | 'conflict'
  | 'too-large'
  | 'malformed'
  | 'rejected';

/** An app's own classes, by an error code of the body or by a status: `{ UnknownTenant: 'needs-auth', 423: 'busy' }`. */
export type AnswerClasses = Readonly<Partial<Record<string | number, AnswerClass>>>;

const BY_CODE: AnswerClasses = {
  UnknownSchema: 'upgrade-required',
  UnsupportedProtocol: 'upgrade-required',
  // Somebody else's token: only one of the user whose outbox it is helps (OB9).
  OtherUser: 'needs-auth',
};

const BY_STATUS: AnswerClasses = {
  400: 'malformed',
  401: 'needs-auth',
  // A proxy on the way, or a portal, wants a log-in of its own.
  407: 'down',
  408: 'busy',
  409: 'conflict',
  412: 'conflict',
  413: 'too-large',
  422: 'malformed',
  425: 'busy',
  426: 'upgrade-required',
  429: 'busy',
  511: 'down',
};

/** `code` is the error's code where the body names one. The app's own classes come first, codes before statuses. */
export function classOf(status: number, code: string | null, own: AnswerClasses = {}): AnswerClass {
  const named = code === null ? undefined : (own[code] ?? (own[status] ? undefined : BY_CODE[code]));
  const known = named ?? own[status] ?? BY_STATUS[status];
  if (known !== undefined) return known;
  if (status >= 200 && status < 300) return 'answered';
  if (status >= 400 && status < 500) return 'rejected';
  return status >= 500 ? 'busy' : 'down';
}

/**
 * What of an answer that does not carry our form can be believed: a proxy's word that the body is too
 * large, or that there are too many requests. All else is no link: a portal answers whatever it likes.
 */
export function classOfForeign(status: number, own: AnswerClasses = {}): 'down' | 'busy' | 'too-large' {
  const known = classOf(status, null, own);
  if (known === 'too-large') return known;
  return status === 429 && known === 'busy' ? 'busy' : 'down';
}
