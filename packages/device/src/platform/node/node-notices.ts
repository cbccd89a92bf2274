import type { ChangeNotice, NoticeBoard } from '../../ports/platform.ts';

type Listener = (notice: ChangeNotice) => void;

/** For each store folder the listeners in this process, with the board each one belongs to. */
const listeners = new Map<string, Map<Listener, NoticeBoard>>();

/** Notices between the devices of one process that share a store. */
export function nodeNotices(folder: string): NoticeBoard {
  const here = listeners.get(folder) ?? new Map<Listener, NoticeBoard>();
  listeners.set(folder, here);
  const board: NoticeBoard = {
    post(notice) {
      queueMicrotask(() => {
        for (const [listener, owner] of [...here]) if (owner !== board) listener(notice);
      });
    },
    listen(listener) {
      // A function of its own, so that one listener can be given twice.
      const entry: Listener = (notice) => listener(notice);
      here.set(entry, board);
      return () => here.delete(entry);
    },
  };
  return board;
}
