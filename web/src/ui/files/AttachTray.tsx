// What waits in the composer to go with the next message: a card for each file, with its progress, its trouble, and the way out.
import type { UploadItem } from '../../client/uploads';
import { uploadText } from '../../view-models/files-view';
import { t } from '../../view-models/texts';
import { classes } from '../parts/classes';
import { Icon } from '../parts/Icon';
import { IconButton } from '../parts/IconButton';

interface Props {
  items: readonly UploadItem[];
  now: number;
  onRemove: (key: string) => void;
  onRetry: (key: string) => void;
}

export function AttachTray({ items, now, onRemove, onRetry }: Props) {
  if (items.length === 0) return null;
  return (
    <ul className="attach-tray" aria-label={t('files.tray')}>
      {items.map((item) => (
        <li key={item.key} className="file" data-state={item.state}>
          <span className="kind">
            <Icon name={item.attachment?.kind === 'image' ? 'image' : 'file'} />
          </span>
          <span className="cut">
            <span className="file-name cut">{item.name}</span>
            {item.state === 'sending' && (
              <span className="progress" role="progressbar" aria-label={item.name} aria-valuenow={percent(item)} aria-valuemin={0} aria-valuemax={100} style={{ '--done': `${percent(item)}%` } as React.CSSProperties}>
                <i />
              </span>
            )}
            <span className={classes('meta', item.state === 'failed' && 'danger-text')} role={item.state === 'failed' ? 'alert' : undefined}>
              {uploadText(item, now)}
            </span>
          </span>
          <span className="file-actions">
            {item.state === 'failed' && item.failure?.code !== 'too_large' && <IconButton icon="refresh" label={t('files.retry', { name: item.name })} onClick={() => onRetry(item.key)} />}
            <IconButton icon="close" label={t('files.cancel', { name: item.name })} onClick={() => onRemove(item.key)} />
          </span>
        </li>
      ))}
    </ul>
  );
}

const percent = ({ sent, size }: UploadItem): number => (size === 0 ? 100 : Math.round((100 * sent) / size));
