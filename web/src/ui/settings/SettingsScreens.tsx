// Settings with the client behind them.
import { useEffect, useState } from 'react';
import type { Device, Settings } from '../../protocol/rest';
import { bounds } from '../../protocol/limits';
import { attempt, attemptForm } from '../../view-models/errors';
import { deviceView, privacyOf, privacyRows, switched } from '../../view-models/settings-view';
import { nameOf } from '../../view-models/names';
import type { SettingsPart } from '../../view-models/route';
import { t } from '../../view-models/texts';
import { useDialogs } from '../dialogs/dialog-request';
import { useApp, useClient, useMedia, useNow } from '../use-model';
import { AppearancePart } from './AppearancePart';
import { DevicesPart } from './DevicesPart';
import { PasswordPart } from './PasswordPart';
import { PrivacyPart } from './PrivacyPart';
import { ProfilePart } from './ProfilePart';
import { SettingsNav, SettingsStage } from './SettingsScreen';

export default function SettingsScreens({ part }: { part: SettingsPart | undefined }) {
  const app = useApp();
  const client = useClient();
  const open = useDialogs();
  const shown = part ?? 'profile';
  return (
    <>
      <SettingsNav
        part={shown}
        me={{ id: client.myId, name: nameOf(client, client.myId), username: client.me?.handle ?? '' }}
        isAdmin={client.admin}
        onBack={() => app.go({ at: 'rooms' })}
        onPart={(next) => app.go({ at: 'settings', part: next })}
        onAdmin={() => app.go({ at: 'limits' })}
        onKeys={() => open({ kind: 'keys' })}
        onSignOut={() => open({ kind: 'sign_out' })}
      />
      <SettingsStage title={t(`settings.${shown}`)} note={shown === 'appearance' || shown === 'privacy' ? t('settings.saved_as') : ''} onBack={() => app.go({ at: 'settings' })}>
        <Part key={shown} part={shown} />
      </SettingsStage>
    </>
  );
}

function Part({ part }: { part: SettingsPart }) {
  const app = useApp();
  const client = useClient();
  const reduced = useMedia('(prefers-reduced-motion: reduce)');
  const { me } = client;
  const save = (change: Partial<Settings>) =>
    void attempt(() => client.saveSettings(change)).then((problem) => problem && app.toast({ icon: 'alert', kind: 'danger', text: problem }));
  const refreshMe = () => client.refresh('profile');
  switch (part) {
    case 'appearance':
      return <AppearancePart appearance={app.appearance} systemReducesMotion={reduced} onChange={(change) => void app.changeAppearance(change)} />;
    case 'privacy':
      return (
        <PrivacyPart
          rows={privacyRows(client.settings)}
          lastSeen={privacyOf(client.settings).last_seen}
          onSwitch={(name, on) => save(switched(client.settings, name, on))}
          onLastSeen={(last_seen) => save({ privacy: { ...privacyOf(client.settings), last_seen } })}
        />
      );
    case 'devices':
      return <Devices />;
    case 'password':
      return (
        <PasswordPart
          username={me?.handle ?? ''}
          hasPassword={me?.has_password ?? false}
          minLength={bounds.passwordMin}
          onSave={(next, old) =>
            attemptForm(async () => {
              await client.api.setPassword({ new: next, ...(old === undefined ? {} : { old }) });
              await refreshMe();
            })
          }
        />
      );
    case 'profile':
      return me ? (
        <ProfilePart
          profile={{ name: me.name, username: me.handle, status: me.about }}
          maxName={bounds.name}
          onSave={({ name, username, status }) =>
            attemptForm(async () => {
              await client.api.changeMe({ name, about: status, ...(username === me.handle ? {} : { handle: username }) });
              await refreshMe();
            })
          }
        />
      ) : null;
  }
}

function Devices() {
  const app = useApp();
  const client = useClient();
  const now = useNow();
  const [devices, setDevices] = useState<Device[]>([]);
  const load = () => client.api.devices().then(({ items }) => setDevices(items));
  const say = (problem: string | undefined) => problem && app.toast({ icon: 'alert', kind: 'danger', text: problem });
  useEffect(() => void attempt(load).then(say), [client]);
  return (
    <DevicesPart
      devices={devices.map((device) => deviceView(device, now))}
      hasPassword={client.me?.has_password ?? true}
      onPassword={() => app.go({ at: 'settings', part: 'password' })}
      onSignOut={(id) =>
        void attempt(async () => {
          await client.api.signOutDevice(id);
          await load();
        }).then(say)
      }
    />
  );
}
