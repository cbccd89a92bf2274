/**
 * 1: exchange with mutations (create, update, delete), receipts, pages by group, catch-up in rounds.
 * 2: restores, commands and discards; selection, records by id, checksums; the version of a conflict's sides; what a
 *    request creates without its values.
 */
export const PROTOCOL_VERSION = 2;

/** What a body of ours is sent as: a captive portal's page is not this. */
export const MEDIA_TYPE = 'application/vnd.holdfast+json';
