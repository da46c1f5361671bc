// Finds people of the server by the start of their name.
import { useCallback } from 'react';
import { personRow } from '../view-models/names';
import type { PersonRowView } from '../view-models/views';
import { useClient } from './use-model';

export function useFinder(): (text: string) => Promise<PersonRowView[]> {
  const client = useClient();
  return useCallback(
    async (text: string) => {
      const found = await client.api.findUsers(text).catch(() => ({ items: [] }));
      client.people.learn(...found.items);
      return found.items.filter((user) => user.id !== client.myId).map((user) => ({ ...personRow(client, user.id, Date.now()), note: `@${user.handle}` }));
    },
    [client],
  );
}
