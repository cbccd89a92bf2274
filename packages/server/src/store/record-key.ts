/** A record's address. */
export interface RecordKey {
  readonly collection: string;
  readonly id: string;
}
