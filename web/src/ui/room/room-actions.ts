// What one can do with a message, handed down to wherever a message is drawn.
import { createContext, useContext } from 'react';

export interface RoomActions {
  room: string;
  myUsername: string;
  alwaysTimes: boolean;
  react: (seq: number, emoji: string, on: boolean) => void;
  pickEmoji: (seq: number, anchor: DOMRect) => void;
  reply: (key: string) => void;
  edit: (key: string) => void;
  remove: (key: string) => void;
  copyLink: (seq: number) => void;
  copyText: (text: string) => void;
  retry: (key: string) => void;
  discard: (key: string) => void;
  goTo: (key: string) => void;
  openPerson: (id: string) => void;
  openMention: (username: string) => void;
}

const nothing = () => {};

export const idleActions: RoomActions = {
  room: '',
  myUsername: '',
  alwaysTimes: false,
  react: nothing,
  pickEmoji: nothing,
  reply: nothing,
  edit: nothing,
  remove: nothing,
  copyLink: nothing,
  copyText: nothing,
  retry: nothing,
  discard: nothing,
  goTo: nothing,
  openPerson: nothing,
  openMention: nothing,
};

export const RoomActionsContext = createContext<RoomActions>(idleActions);
export const useRoomActions = (): RoomActions => useContext(RoomActionsContext);
