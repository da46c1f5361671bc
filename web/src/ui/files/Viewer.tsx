// One picture over everything, the others a key or a swipe away.
import { useRef, useState } from 'react';
import type { Attachment } from '../../protocol/entries';
import { averageColour, sizeText } from '../../view-models/files-view';
import { t } from '../../view-models/texts';
import { classes } from '../parts/classes';
import { Dialog } from '../parts/Dialog';
import { IconButton } from '../parts/IconButton';
import { useClient } from '../use-model';
import type { FileOf } from './Attachments';
import { saveFile } from './save-file';
import { useFileLink } from './use-file-link';

interface Props {
  pictures: { file: Attachment; index: number }[];
  of: FileOf;
  at: number;
  onClose: () => void;
}

/** A finger that moves so far sideways turns the page, in pixels. */
const SWIPE = 50;

export default function Viewer({ pictures, of, at, onClose }: Props) {
  const client = useClient();
  const [place, setPlace] = useState(at);
  const [zoomed, setZoomed] = useState(false);
  const from = useRef<number>(undefined);
  const { file, index } = pictures[place] ?? pictures[0]!;
  const { url, renew } = useFileLink(of, index, false);
  const go = (step: number) => {
    setZoomed(false);
    setPlace((now) => Math.min(pictures.length - 1, Math.max(0, now + step)));
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === 'ArrowLeft') go(-1);
    else if (event.key === 'ArrowRight') go(1);
    else return;
    event.preventDefault();
  };
  return (
    <div className="viewer" onKeyDown={onKeyDown}>
      <Dialog
        title={file.name}
        subtitle={`${pictures.length > 1 ? `${t('files.nth', { n: place + 1, all: pictures.length })}, ` : ''}${sizeText(file.size)}`}
        onClose={onClose}
        footer={
          <>
            {pictures.length > 1 && <IconButton icon="back" label={t('files.previous')} disabled={place === 0} onClick={() => go(-1)} />}
            {pictures.length > 1 && <IconButton icon="right" label={t('files.next')} disabled={place === pictures.length - 1} onClick={() => go(1)} />}
            <button type="button" className="btn" onClick={() => void saveFile(client, of, index, file.name)}>
              {t('files.save')}
            </button>
          </>
        }
      >
        <button
          type="button"
          className={classes('view', zoomed && 'zoomed')}
          data-autofocus
          aria-label={zoomed ? t('files.zoom_out') : t('files.zoom_in')}
          style={{ aspectRatio: `${file.width ?? 1} / ${file.height ?? 1}`, background: averageColour(file.blur) }}
          onClick={() => setZoomed(!zoomed)}
          onTouchStart={(event) => (from.current = event.touches[0]?.clientX)}
          onTouchEnd={(event) => {
            const moved = (event.changedTouches[0]?.clientX ?? 0) - (from.current ?? 0);
            if (!zoomed && Math.abs(moved) > SWIPE) go(moved < 0 ? 1 : -1);
          }}
        >
          {url !== undefined && <img key={url} src={url} alt={file.name} onError={renew} />}
        </button>
      </Dialog>
    </div>
  );
}
