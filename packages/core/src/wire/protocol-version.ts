/**
 * 1: exchange with mutations (create, update, delete), receipts, pages by group, catch-up in rounds.
 */
export const PROTOCOL_VERSION = 1;

/** What a body of ours is sent as: a captive portal's page is not this. */
export const MEDIA_TYPE = 'application/vnd.holdfast+json';
