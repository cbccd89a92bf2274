/**
 * Every operational error Holdfast can report, by its stable code. `says` is what happened, `next`
 * is what to do about it; together they are the manual page. `status` is the HTTP status the server
 * answers with where the error can travel over the wire.
 */
export const catalogue = {
  // definition
  InvalidSchema: {
    says: 'The schema definition contains a mistake.',
    next: 'Correct the collection and field that the message names.',
  },
  // device: writing and reading
  InvalidWrite: {
    says: 'The write does not fit the schema; nothing was stored.',
    next: 'Show the named fields to the person and write again.',
  },
  WriteTooLarge: {
    says: 'One transaction is larger than the server will ever take; nothing was stored.',
    next: 'Split the transaction, or keep large content in files.',
  },
  NotInOutbox: {
    says: 'There is no such entry in the outbox; it may have been released meanwhile.',
    next: 'Read the outbox again. Nothing was changed.',
  },
  NotAside: {
    says: 'The entry does not wait for a person.',
    next: 'Only refused and conflicted entries can be sent again or resolved. Nothing was changed.',
  },
  AlreadyAnswered: {
    says: 'The server has answered this entry already; the answer takes effect with the next checkpoint.',
    next: 'Sync, then look at the entry again. Nothing was changed.',
  },
  StoreFull: {
    says: 'The device has no room left; nothing of this write was stored, what was stored before is untouched.',
    next: 'Free some room on the device and write again.',
  },
  StoreBusy: {
    says: 'Another program or tab holds the store and did not let go in time.',
    next: 'Close it, then try again. Nothing was changed.',
  },
  StoreClosed: { says: 'The device was closed.', next: 'Open it again.' },
  StoreDamaged: {
    says: 'The store on this device is damaged: a page does not carry its seal.',
    next: 'Keep the file for inspection. Nothing read from it was shown.',
  },
  Diverged: {
    says: 'This device does not hold what the server believes it holds; the part concerned is read again.',
    next: 'Nothing: the outbox stays, and what is shown is replaced in one step. Report it if it comes back.',
  },
  ReadLimit: {
    says: 'Everything was to be read again more than three times within an hour; the device waits.',
    next: 'Nothing is lost and work is still sent. Look for a server whose epoch or horizon keeps moving.',
  },
  InvalidHold: {
    says: 'What the device is to hold cannot be understood.',
    next: 'Correct the option `hold` as the message says.',
  },
  Offline: {
    says: 'This is not on the device, and the server does not answer.',
    next: 'Try again when there is a link. Nothing was changed.',
  },
  RecordNotFound: {
    says: 'There is no such record that this user may see.',
    next: 'Check the id. What exists and may not be seen is told alike.',
  },
  StoreNewer: {
    says: 'The store was written by a newer version of the app.',
    next: 'Update the app. Nothing was changed.',
  },
  WrongKey: {
    says: 'The key does not open this store; the store is untouched.',
    next: 'Unlock with the method and the user the store was made with.',
  },
  // the wire
  MalformedRequest: {
    says: 'The request is not of the declared form; nothing was applied.',
    next: 'Send what the protocol describes; the detail names the place.',
    status: 400,
  },
  NotAuthenticated: {
    says: 'There is no valid token.',
    next: 'Get a fresh token and send the same again. Nothing was lost.',
    status: 401,
  },
  Forbidden: { says: 'The token does not allow this.', next: 'Ask for the role it needs.', status: 403 },
  OtherUser: {
    says: 'The token belongs to somebody else than the outbox.',
    next: 'Ask for a token of the user whose device this is. Nothing was applied; the outbox waits.',
    status: 403,
  },
  DeviceTaken: {
    says: 'This device id belongs to another user.',
    next: 'Open the device again under an id of its own; its outbox stays.',
    status: 403,
  },
  NotFound: { says: 'There is nothing at this address.', next: 'Check the path.', status: 404 },
  RequestTimeout: {
    says: 'The request did not arrive in time; nothing was applied.',
    next: 'Send it again.',
    status: 408,
  },
  RequestTooLarge: {
    says: 'The request is larger than the limit; nothing was applied.',
    next: 'Send fewer mutations at a time.',
    status: 413,
  },
  RequestTooDeep: {
    says: 'The request is nested deeper than the limit; nothing was applied.',
    next: 'Flatten the value.',
    status: 400,
  },
  UnsupportedEncoding: {
    says: 'The content encoding is not one the server reads.',
    next: 'Send identity or gzip.',
    status: 415,
  },
  UnsupportedProtocol: {
    says: 'Device and server speak different versions of the protocol.',
    next: 'Update the older of the two. The outbox waits.',
    status: 426,
  },
  UnknownSchema: {
    says: 'The device runs a newer schema than the server.',
    next: 'Update the server. The outbox waits.',
    status: 409,
  },
  Busy: { says: 'The server is busy.', next: 'Try again after the time it names.', status: 503 },
  Internal: {
    says: 'The server met a fault of its own; nothing was applied.',
    next: 'Send the same again; look into the server log under the request id.',
    status: 500,
  },
  // starting and running a server
  PortTaken: { says: 'The port is already in use.', next: 'Stop the other program or set PORT.' },
  DataFolderBusy: {
    says: 'Another process has the data folder open.',
    next: 'Stop it, or let the command go through the running server.',
  },
  DataFolderFull: {
    says: 'The disk of the data folder is full.',
    next: 'Make room on it, or name another folder, then start again.',
  },
  DataFolderVersion: {
    says: 'The data folder was made by another version.',
    next: 'Start the version that made it, or name another folder.',
  },
  DataFolderReadOnly: {
    says: 'The data folder cannot be written.',
    next: 'Give write permission, or name another folder.',
  },
  DatabaseUnreachable: {
    says: 'The database does not answer.',
    next: 'Check the address and that it runs, then start again.',
  },
  DatabaseMismatch: {
    says: 'A table in the database does not have the columns the schema declares.',
    next: 'Migrate the table to the schema, then start again.',
  },
  // the command line
  ImportFolder: {
    says: 'There is nothing to import.',
    next: 'Name a folder that holds one .ndjson file for each resource type.',
  },
  InvalidConfig: {
    says: 'The configuration cannot be used.',
    next: 'Correct holdfast.config.ts as the message says, or name another file with --config.',
  },
  ServerUnreachable: {
    says: 'The server does not answer, or not as one of ours.',
    next: 'Check the address and that it runs, then try again.',
  },
  WebFolderMissing: {
    says: 'The app is not built: there is no index.html in its folder.',
    next: 'Build the app, then start again.',
  },
} as const satisfies Record<string, { says: string; next: string; status?: number }>;

export type ErrorCode = keyof typeof catalogue;
