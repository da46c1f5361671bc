// Files that are dragged over a place, and dropped there.
import { useState, type DragEvent } from 'react';

interface Drop {
  /** Whether files hang over the place. */
  over: boolean;
  handlers: { onDragOver: (event: DragEvent) => void; onDragLeave: (event: DragEvent) => void; onDrop: (event: DragEvent) => void };
}

/** A place where files can be dropped; absent `onFiles` takes none. */
export function useDrop(onFiles: ((files: File[]) => void) | undefined): Drop {
  const [over, setOver] = useState(false);
  const carriesFiles = (event: DragEvent) => onFiles !== undefined && event.dataTransfer.types.includes('Files');
  return {
    over,
    handlers: {
      onDragOver: (event) => {
        if (!carriesFiles(event)) return;
        event.preventDefault();
        setOver(true);
      },
      onDragLeave: (event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
      },
      onDrop: (event) => {
        if (!carriesFiles(event)) return;
        event.preventDefault();
        setOver(false);
        onFiles?.([...event.dataTransfer.files]);
      },
    },
  };
}
