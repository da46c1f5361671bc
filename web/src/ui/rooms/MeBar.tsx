// Who one is, at the foot of the list.
import { t } from '../../view-models/texts';
import type { FaceView } from '../../view-models/views';
import { Face } from '../parts/Face';
import { IconButton } from '../parts/IconButton';

interface Props {
  me: FaceView;
  note: string;
  onPeople: () => void;
  onSettings: () => void;
}

export function MeBar({ me, note, onPeople, onSettings }: Props) {
  return (
    <footer className="me wide-only">
      <Face face={me} size="m" />
      <span className="who">
        <b className="cut">
          <bdi>{me.name}</bdi>
        </b>
        <span className="small muted cut">{note}</span>
      </span>
      <IconButton icon="people" label={t('nav.people')} onClick={onPeople} />
      <IconButton icon="sliders" label={t('nav.settings')} onClick={onSettings} />
    </footer>
  );
}
