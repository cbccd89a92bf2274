import type { ChangeNotice, NoticeBoard } from '../../ports/platform.ts';

/** Notices between the tabs of a store. A channel does not hear itself. */
export function browserNotices(store: string): NoticeBoard {
  const channel = new BroadcastChannel(`holdfast:${store}:changes`);
  return {
    post(notice) {
      channel.postMessage(notice);
    },
    listen(listener) {
      const onMessage = ({ data }: MessageEvent<ChangeNotice>) => listener(data);
      channel.addEventListener('message', onMessage);
      return () => channel.removeEventListener('message', onMessage);
    },
  };
}
