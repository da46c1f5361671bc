// Which dialog is asked for. Anything inside may ask; Dialogs.tsx opens it.
import { createContext, useContext } from 'react';

export type DialogRequest =
  | { kind: 'keys' }
  | { kind: 'new_room' }
  | { kind: 'pick_invite' }
  | { kind: 'invite'; room: string }
  | { kind: 'add_people'; room: string }
  | { kind: 'add_friend' }
  | { kind: 'ban'; room: string; person: string }
  | { kind: 'remove'; room: string; person: string }
  | { kind: 'date'; room: string; go: (at: number) => Promise<void> }
  | { kind: 'edit_room'; room: string }
  | { kind: 'leave'; room: string }
  | { kind: 'delete_room'; room: string }
  | { kind: 'delete_message'; room: string; seq: number }
  | { kind: 'sign_out' };

export const DialogContext = createContext<(request: DialogRequest) => void>(() => {});
export const useDialogs = (): ((request: DialogRequest) => void) => useContext(DialogContext);
