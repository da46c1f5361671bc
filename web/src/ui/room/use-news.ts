// What a screen reader is told: each new message of others in the open room, as it comes.
import { useEffect, useState } from 'react';
import { plainLine } from '../../view-models/markup';
import { nameOf } from '../../view-models/names';
import { t } from '../../view-models/texts';
import { useClient } from '../use-model';

export function useNews(room: string): string {
  const client = useClient();
  const [news, setNews] = useState('');
  useEffect(() => {
    setNews('');
    const tell: Parameters<typeof client.news.add>[0] = ({ id }, entry) => {
      if (id === room && entry.kind === 'message') setNews(t('list.by', { who: nameOf(client, entry.by), text: plainLine(entry.text) }));
    };
    client.news.add(tell);
    return () => void client.news.delete(tell);
  }, [client, room]);
  return news;
}
