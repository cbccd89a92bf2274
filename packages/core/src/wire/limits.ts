/** The bounds of every input (SV6). Both sides know them, so that a device never makes what is refused. */
export const limits = {
  /** Bytes of a request's body once decompressed. */
  requestBytes: 8 * 1024 * 1024,
  /** Decompressed bytes for one compressed byte (hazard J1). */
  expansion: 100,
  /** Levels of nesting in a body; a value may have 32 of them. */
  depth: 48,
  /** Mutations in one exchange. */
  mutations: 1_000,
  /** Mutations of one transaction: they travel in one message. */
  transactionMutations: 500,
  /** Bytes of one transaction as JSON. */
  transactionBytes: 1024 * 1024,
  /** Ids in `after` or `needs` of one mutation. */
  dependencies: 1_024,
  /** Different ids in `after`, `needs` and `resolves` of all mutations of one exchange. */
  namedIds: 50_000,
  /** Receipts acknowledged in one exchange. */
  acknowledged: 2_000,
  /** Scopes of one user. */
  scopes: 5_000,
  /** Bytes of pages in one response, where the device does not ask for less. */
  pageBytes: 4 * 1024 * 1024,
  /** Collections of a schema that a device can name. */
  collections: 1_000,
  /** Records asked for by id in one exchange. */
  fetchedRecords: 500,
} as const;
