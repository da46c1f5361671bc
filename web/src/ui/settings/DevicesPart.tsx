// Where one is signed in.
import { t } from '../../view-models/texts';
import type { DeviceView } from '../../view-models/views';
import { Icon } from '../parts/Icon';
import { Note } from '../parts/Note';

interface Props {
  devices: DeviceView[];
  hasPassword: boolean;
  onSignOut: (id: string) => void;
  onPassword: () => void;
}

export function DevicesPart({ devices, hasPassword, onSignOut, onPassword }: Props) {
  return (
    <>
      <section className="block">
        <header>
          <h2>{t('settings.devices')}</h2>
          <span className="small">{t('settings.signed_in')}</span>
        </header>
        <ul className="card rows">
          {devices.map((device) => (
            <li key={device.id} className="row">
              <Icon name={device.phone ? 'phone' : 'laptop'} />
              <span className="what">
                <span className="label">
                  {device.name}
                  {device.current && (
                    <>
                      &ensp;<span className="badge owner">{t('settings.this_one')}</span>
                    </>
                  )}
                </span>
                <span className="small cut">{device.note}</span>
              </span>
              {!device.current && (
                <button type="button" className="btn btn-s danger-quiet" onClick={() => onSignOut(device.id)}>
                  {t('settings.sign_out')}
                </button>
              )}
            </li>
          ))}
        </ul>
      </section>
      {!hasPassword && (
        <Note icon="key" kind="call">
          <b>{t('settings.no_password')}</b> {t('settings.no_password_text')}{' '}
          <button type="button" className="link-btn small" onClick={onPassword}>
            {t('settings.set_password')}
          </button>
        </Note>
      )}
    </>
  );
}
