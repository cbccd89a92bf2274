/** One thing that SQLite asked of its files. */
export type DiskOp =
  | { readonly type: 'write'; readonly file: string; readonly offset: number; readonly data: Uint8Array }
  | { readonly type: 'truncate'; readonly file: string; readonly size: number }
  /** `durable`: SQLite wanted to be sure of it before it went on. */
  | { readonly type: 'delete'; readonly file: string; readonly durable: boolean }
  | { readonly type: 'sync'; readonly file: string };

/** Files by name. One that is empty counts as not there, as in the browser's file system. */
export type Image = ReadonlyMap<string, Uint8Array>;

/** A disk in memory: what is on it, and everything that was asked of it. */
export interface Disk {
  readonly files: Map<string, DiskFile>;
  /** In the order asked; null while nothing is noted. */
  log: DiskOp[] | null;
  /** Asked before an operation takes place: true where the disk is full. It then does not. */
  refuses: (op: DiskOp, sizeBefore: number) => boolean;
  image(): Image;
}

/** A file's bytes; the buffer grows ahead of them. */
export interface DiskFile {
  buffer: Uint8Array;
  size: number;
}

export function createDisk(image: Image): Disk {
  const files = new Map<string, DiskFile>();
  for (const [name, bytes] of image) files.set(name, { buffer: bytes.slice(), size: bytes.length });
  return { files, log: null, refuses: () => false, image: () => imageOf(files) };
}

export function imageOf(files: ReadonlyMap<string, DiskFile>): Image {
  return new Map(
    [...files].filter(([, { size }]) => size > 0).map(([name, { buffer, size }]) => [name, buffer.slice(0, size)]),
  );
}

/** What an operation does to the files; a sync does nothing to what is read. */
export function applyOp(files: Map<string, DiskFile>, op: DiskOp): void {
  if (op.type === 'sync') return;
  const file = files.get(op.file) ?? { buffer: new Uint8Array(0), size: 0 };
  files.set(op.file, file);
  switch (op.type) {
    case 'write':
      grow(file, op.offset + op.data.length);
      file.buffer.set(op.data, op.offset);
      file.size = Math.max(file.size, op.offset + op.data.length);
      break;
    case 'truncate':
      shrink(file, op.size);
      break;
    case 'delete':
      shrink(file, 0);
      break;
  }
}

function grow(file: DiskFile, size: number): void {
  if (size <= file.buffer.length) return;
  const buffer = new Uint8Array(Math.max(size, 2 * file.buffer.length));
  buffer.set(file.buffer.subarray(0, file.size));
  file.buffer = buffer;
}

/** What lies behind the end is zero, should the file grow again. */
function shrink(file: DiskFile, size: number): void {
  if (size >= file.size) return;
  file.buffer.fill(0, size, file.size);
  file.size = size;
}
