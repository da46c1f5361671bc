// What a message carries: pictures in a grid of fixed size, so that nothing moves when they come; films and sounds with their
// players; a card with name and size for the rest.
import { lazy, Suspense, useState } from 'react';
import type { Attachment } from '../../protocol/entries';
import { averageColour, lengthText, sizeText } from '../../view-models/files-view';
import { t } from '../../view-models/texts';
import { classes } from '../parts/classes';
import { Icon } from '../parts/Icon';
import { useClient } from '../use-model';
import { saveFile } from './save-file';
import { useFileLink } from './use-file-link';

const Viewer = lazy(() => import('./Viewer'));

export interface FileOf {
  room: string;
  seq: number;
}

/** Pictures that the grid shows; the last one says how many more there are. */
const PICTURES_SHOWN = 6;

export function Attachments({ files, of }: { files: readonly Attachment[]; of: FileOf | undefined }) {
  const [open, setOpen] = useState<number>();
  const placed = files.map((file, index) => ({ file, index }));
  const pictures = placed.filter(({ file }) => file.kind === 'image');
  const rest = placed.filter(({ file }) => file.kind !== 'image');
  const shown = pictures.slice(0, PICTURES_SHOWN);
  return (
    <>
      {shown.length > 0 && (
        <div className={classes('pictures', shown.length === 1 && 'one', (shown.length === 2 || shown.length === 4) && 'two')} style={shown.length === 1 ? ratioOf(shown[0]?.file) : undefined}>
          {shown.map(({ file, index }, place) => (
            <button key={index} type="button" aria-label={t('files.open', { name: file.name })} onClick={() => setOpen(place)} style={{ background: averageColour(file.blur) }}>
              <Picture file={file} of={of} index={index} />
              {place === PICTURES_SHOWN - 1 && pictures.length > PICTURES_SHOWN && <span className="over">+{pictures.length - PICTURES_SHOWN}</span>}
            </button>
          ))}
        </div>
      )}
      {rest.map(({ file, index }) => (
        <Rest key={index} file={file} of={of} index={index} />
      ))}
      {open !== undefined && of && (
        <Suspense>
          <Viewer pictures={pictures} of={of} at={open} onClose={() => setOpen(undefined)} />
        </Suspense>
      )}
    </>
  );
}

/** One picture keeps its own shape, within bounds. */
function ratioOf(file: Attachment | undefined): React.CSSProperties {
  const ratio = file?.width && file.height ? file.width / file.height : 1;
  return { aspectRatio: String(Math.min(3, Math.max(0.6, ratio))) };
}

function Picture({ file, of, index }: { file: Attachment; of: FileOf | undefined; index: number }) {
  const { url, renew } = useFileLink(of, index, file.thumb !== undefined);
  return url === undefined ? null : <img src={url} alt="" draggable={false} onError={renew} />;
}

function Rest(props: { file: Attachment; of: FileOf | undefined; index: number }) {
  const { kind } = props.file;
  return kind === 'file' || kind === 'image' ? <Card {...props} /> : <Player {...props} />;
}

function Player({ file, of, index }: { file: Attachment; of: FileOf | undefined; index: number }) {
  const { url, renew } = useFileLink(of, index, false);
  // A link lives a minute: a player that comes back later gets another, and goes on where it was.
  const onError = (event: React.SyntheticEvent<HTMLMediaElement>) => {
    const { currentTarget } = event;
    const at = currentTarget.currentTime;
    currentTarget.addEventListener('loadedmetadata', () => (currentTarget.currentTime = at), { once: true });
    renew();
  };
  if (file.kind === 'video') return <video className="film" style={{ aspectRatio: `${file.width ?? 16} / ${file.height ?? 9}` }} controls preload="metadata" src={url} onError={onError} aria-label={file.name} />;
  return (
    <div className="sound">
      <audio controls preload="metadata" src={url} onError={onError} aria-label={file.name} />
      {file.duration_ms !== undefined && <span className="len small muted">{lengthText(file.duration_ms)}</span>}
    </div>
  );
}

function Card({ file, of, index }: { file: Attachment; of: FileOf | undefined; index: number }) {
  const client = useClient();
  return (
    <button type="button" className="file" disabled={!of} title={t('files.save_as', { name: file.name })} onClick={() => of && void saveFile(client, of, index, file.name)}>
      <span className="kind">
        <Icon name="file" />
      </span>
      <span className="cut">
        <span className="file-name cut">{file.name}</span>
        <span className="meta">{sizeText(file.size)}</span>
      </span>
      <Icon name="download" />
    </button>
  );
}
