// A person: round, with initials on one of eight grounds, and presence as a shape and a word.
import { initialsOf, tintOf } from '../../view-models/hash';
import { t } from '../../view-models/texts';
import type { FaceView, PresenceKind } from '../../view-models/views';
import { classes } from './classes';

interface Props {
  face: FaceView;
  size?: 'xs' | 's' | 'm' | 'l' | 'xl';
  titled?: boolean;
}

export function Face({ face, size, titled }: Props) {
  return (
    <span className={classes('face', `t${tintOf(face.id)}`, size)} title={titled ? face.name : undefined}>
      <span aria-hidden="true">{initialsOf(face.name)}</span>
      {face.presence && <Presence kind={face.presence} />}
    </span>
  );
}

export function Presence({ kind, still }: { kind: PresenceKind; still?: boolean }) {
  const label = t(`presence.${kind}`);
  return still ? (
    <span className={classes('presence', 'still', kind)} aria-hidden="true" />
  ) : (
    <span className={classes('presence', kind)} role="img" aria-label={label} />
  );
}
