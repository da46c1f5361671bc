// Name and description of a room.
import { useState } from 'react';
import { t } from '../../view-models/texts';
import { Dialog } from '../parts/Dialog';
import { Field } from '../parts/Field';
import { Problem } from '../parts/Problem';

interface Props {
  name: string;
  description: string;
  maxName: number;
  onSave: (name: string, description: string) => Promise<string | undefined>;
  onClose: () => void;
}

export function EditRoomDialog({ maxName, onSave, onClose, ...before }: Props) {
  const [name, setName] = useState(before.name);
  const [description, setDescription] = useState(before.description);
  const [problem, setProblem] = useState<string>();
  const save = async (event: React.FormEvent) => {
    event.preventDefault();
    const failed = await onSave(name.trim(), description.trim());
    if (failed === undefined) onClose();
    else setProblem(failed);
  };
  return (
    <Dialog
      title={t('edit_room.title')}
      onClose={onClose}
      footer={
        <>
          <button type="button" className="btn" onClick={onClose}>
            {t('common.cancel')}
          </button>
          <button type="submit" form="edit-room" className="btn primary" disabled={name.trim() === ''}>
            {t('common.save')}
          </button>
        </>
      }
    >
      <form id="edit-room" className="form" onSubmit={(event) => void save(event)}>
        <Field label={t('new_room.name')} value={name} maxLength={maxName} required data-autofocus onChange={(event) => setName(event.target.value)} />
        <Field label={t('new_room.description')} value={description} maxLength={200} onChange={(event) => setDescription(event.target.value)} />
        <Problem text={problem} />
      </form>
    </Dialog>
  );
}
