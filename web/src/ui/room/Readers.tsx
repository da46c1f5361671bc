import { t } from '../../view-models/texts';
import type { FaceView } from '../../view-models/views';
import { Face } from '../parts/Face';

/** More faces than this become a number. */
const SHOWN = 4;

/** In small rooms: who has read up to here. */
export function Readers({ readers }: { readers: FaceView[] }) {
  const rest = readers.length - SHOWN;
  return (
    <div className="readers">
      <span className="sr">{`${t('room.read_by')} ${readers.map((reader) => reader.name).join(', ')}`}</span>
      <span className="face-stack" aria-hidden="true">
        {readers.slice(0, SHOWN).map((reader) => (
          <Face key={reader.id} face={{ id: reader.id, name: reader.name }} size="xs" titled />
        ))}
      </span>
      {rest > 0 && <span>{t('room.and_more', { n: rest })}</span>}
    </div>
  );
}
