// Links of files for what is drawn: asked for when they are needed, made again when they did not work.
import { useCallback, useEffect, useState } from 'react';
import { useClient } from '../use-model';
import type { FileOf } from './Attachments';

/** Where a file of a message is to be had; `renew` when the link did not work, or may not any more. */
export function useFileLink(of: FileOf | undefined, index: number, thumb: boolean): { url: string | undefined; renew: () => void } {
  const client = useClient();
  const [url, setUrl] = useState<string>();
  const [tries, setTries] = useState(0);
  const room = of?.room;
  const seq = of?.seq;
  useEffect(() => {
    let wanted = true;
    if (room !== undefined && seq !== undefined) void client.links.get(room, seq, index, thumb).then((link) => wanted && setUrl(link));
    return () => {
      wanted = false;
    };
  }, [client, room, seq, index, thumb, tries]);
  const renew = useCallback(() => {
    // Twice in a row means that there is no right to it any more.
    if (room === undefined || seq === undefined || tries > 5) return;
    client.links.forget(room, seq, index, thumb);
    setTries((count) => count + 1);
  }, [client, room, seq, index, thumb, tries]);
  return { url, renew };
}
