/** What the package leaves out of its own types. */
declare module '@journeyapps/wa-sqlite/src/examples/OPFSCoopSyncVFS.js' {
  import type { Base } from '@journeyapps/wa-sqlite/src/VFS.js';

  interface PersistentFile {
    /** All that is asked of it. */
    fileHandle: { createSyncAccessHandle(): Promise<unknown> } | null;
    readonly accessHandle: { getSize(): number; flush(): void } | null;
    readonly handleRequestChannel: BroadcastChannel | undefined;
  }

  export class OPFSCoopSyncVFS extends Base {
    static create(name: string, module: object): Promise<OPFSCoopSyncVFS>;
    /** The database, its journal and its WAL file, by path. */
    readonly persistentFiles: Map<string, PersistentFile>;
    readonly unboundAccessHandles: Set<{ close(): void }>;
    /** Paths that count as existing. */
    readonly accessiblePaths: Set<string>;
    readonly releaser: (() => void) | null;
    lastError: unknown;
    jDelete(name: string, syncDir: number): number;
    jAccess(name: string, flags: number, result: DataView): number;
    jWrite(fileId: number, data: Uint8Array, offset: number): number;
    jTruncate(fileId: number, size: number): number;
    jSync(fileId: number, flags: number): number;
  }
}
