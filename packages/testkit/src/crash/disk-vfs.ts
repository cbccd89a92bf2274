import {
  SQLITE_CANTOPEN,
  SQLITE_FULL,
  SQLITE_IOERR_SHORT_READ,
  SQLITE_NOTFOUND,
  SQLITE_OK,
  SQLITE_OPEN_CREATE,
} from '@journeyapps/wa-sqlite/src/sqlite-constants.js';
import { Base } from '@journeyapps/wa-sqlite/src/VFS.js';
import type { Chance } from '../sim/chance.ts';
import { applyOp, type Disk, type DiskFile, type DiskOp } from './disk.ts';

/** What is used of the WebAssembly module besides its SQLite interface. */
export interface SqliteMemory {
  readonly HEAPU8: Uint8Array;
  UTF8ToString(pointer: number): string;
}

interface OpenFile {
  readonly disk: Disk;
  readonly name: string;
  readonly file: DiskFile;
}

/** Days before 1970 in the Julian calendar, in milliseconds. */
const UNIX_EPOCH = 210_866_760_000_000n;

/**
 * A file system for SQLite over disks in memory. The first part of a path names the disk. Its ways are
 * those of `OPFSCoopSyncVFS`: a file that is deleted is emptied, and one that is empty is not there.
 */
export class DiskVfs extends Base {
  readonly disks = new Map<string, Disk>();
  readonly #memory: SqliteMemory;
  readonly #chance: Chance;
  readonly #open = new Map<number, OpenFile>();

  constructor(name: string, module: SqliteMemory, chance: Chance) {
    super(name, module);
    this.#memory = module;
    this.#chance = chance;
  }

  override xOpen(_vfs: number, path: number, id: number, flags: number, outFlags: number): number {
    const [disk, name] = this.#find(path);
    if (disk === undefined) return SQLITE_CANTOPEN;
    const file = disk.files.get(name) ?? { buffer: new Uint8Array(0), size: 0 };
    if (file.size === 0 && !(flags & SQLITE_OPEN_CREATE)) return SQLITE_CANTOPEN;
    disk.files.set(name, file);
    this.#open.set(id, { disk, name, file });
    this.#view().setInt32(outFlags, flags, true);
    return SQLITE_OK;
  }

  override xClose(id: number): number {
    this.#open.delete(id);
    return SQLITE_OK;
  }

  override xDelete(_vfs: number, path: number, syncDir: number): number {
    const [disk, name] = this.#find(path);
    if (disk === undefined) return SQLITE_CANTOPEN;
    return this.#do(disk, { type: 'delete', file: name, durable: syncDir !== 0 });
  }

  override xAccess(_vfs: number, path: number, _flags: number, result: number): number {
    const [disk, name] = this.#find(path);
    this.#view().setInt32(result, (disk?.files.get(name)?.size ?? 0) > 0 ? 1 : 0, true);
    return SQLITE_OK;
  }

  override xFullPathname(_vfs: number, path: number, length: number, out: number): number {
    const { written } = new TextEncoder().encodeInto(
      this.#memory.UTF8ToString(path),
      this.#memory.HEAPU8.subarray(out, out + length - 1),
    );
    this.#memory.HEAPU8[out + written] = 0;
    return SQLITE_OK;
  }

  override xRead(id: number, to: number, length: number, low: number, high: number): number {
    const { file } = this.#file(id);
    const offset = toOffset(low, high);
    const target = this.#memory.HEAPU8.subarray(to, to + length);
    const bytes = file.buffer.subarray(Math.min(offset, file.size), Math.min(offset + length, file.size));
    target.set(bytes);
    if (bytes.length === length) return SQLITE_OK;
    target.fill(0, bytes.length);
    return SQLITE_IOERR_SHORT_READ;
  }

  override xWrite(id: number, from: number, length: number, low: number, high: number): number {
    const { disk, name } = this.#file(id);
    const data = this.#memory.HEAPU8.slice(from, from + length);
    return this.#do(disk, { type: 'write', file: name, offset: toOffset(low, high), data });
  }

  override xTruncate(id: number, low: number, high: number): number {
    const { disk, name } = this.#file(id);
    return this.#do(disk, { type: 'truncate', file: name, size: toOffset(low, high) });
  }

  override xSync(id: number): number {
    const { disk, name } = this.#file(id);
    return this.#do(disk, { type: 'sync', file: name });
  }

  override xFileSize(id: number, out: number): number {
    this.#view().setBigInt64(out, BigInt(this.#file(id).file.size), true);
    return SQLITE_OK;
  }

  override xCheckReservedLock(_id: number, out: number): number {
    this.#view().setInt32(out, 0, true);
    return SQLITE_OK;
  }

  override xFileControl(): number {
    return SQLITE_NOTFOUND;
  }

  xRandomness(_vfs: number, length: number, out: number): number {
    this.#memory.HEAPU8.set(this.#chance.bytes(length), out);
    return length;
  }

  xCurrentTimeInt64(_vfs: number, out: number): number {
    this.#view().setBigInt64(out, UNIX_EPOCH, true);
    return SQLITE_OK;
  }

  #do(disk: Disk, op: DiskOp): number {
    if (disk.refuses(op, disk.files.get(op.file)?.size ?? 0)) return SQLITE_FULL;
    disk.log?.push(op);
    applyOp(disk.files, op);
    return SQLITE_OK;
  }

  #find(path: number): [Disk | undefined, string] {
    const [disk = '', ...name] = this.#memory.UTF8ToString(path).split('/');
    return [this.disks.get(disk), name.join('/')];
  }

  #file(id: number): OpenFile {
    const open = this.#open.get(id);
    if (open === undefined) throw new Error('SQLite used a file that is not open');
    return open;
  }

  /** Anew each time: the memory moves when it grows. */
  #view(): DataView {
    return new DataView(this.#memory.HEAPU8.buffer, this.#memory.HEAPU8.byteOffset);
  }
}

/** 64-bit numbers come as two signed halves. */
function toOffset(low: number, high: number): number {
  return high * 0x1_0000_0000 + (low >>> 0);
}
