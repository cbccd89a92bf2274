/** Every file of a store in OPFS by its path, and what SQLite's file system put into temporary ones. */
export async function opfsFiles(store: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  await collect(await navigator.storage.getDirectory(), '', files);
  for (const [path, content] of files) {
    const temporary = path.startsWith('/.ahp-') && content.length > 0;
    if (!temporary && !path.includes(store)) files.delete(path);
  }
  return files;
}

export async function overwriteOpfsFile(path: string, content: Uint8Array): Promise<void> {
  const names = path.split('/').filter((name) => name !== '');
  const last = names.pop() ?? '';
  let folder = await navigator.storage.getDirectory();
  for (const name of names) folder = await folder.getDirectoryHandle(name);
  const writable = await (await folder.getFileHandle(last)).createWritable();
  await writable.write(new Uint8Array(content));
  await writable.close();
}

async function collect(folder: FileSystemDirectoryHandle, path: string, files: Map<string, Uint8Array>): Promise<void> {
  for await (const [name, handle] of folder.entries()) {
    const at = `${path}/${name}`;
    if (handle instanceof FileSystemDirectoryHandle) await collect(handle, at, files);
    else if (handle instanceof FileSystemFileHandle) files.set(at, await bytesOf(handle));
  }
}

async function bytesOf(handle: FileSystemFileHandle): Promise<Uint8Array> {
  return new Uint8Array(await (await handle.getFile()).arrayBuffer());
}
