// Administration with the client behind it.
import { useEffect, useState } from 'react';
import type { LimitItem } from '../../protocol/rest';
import { attempt, attemptForm } from '../../view-models/errors';
import { limitSections } from '../../view-models/limits-view';
import { t } from '../../view-models/texts';
import { PlainNotice } from '../notices/PlainNotice';
import { useApp, useClient } from '../use-model';
import { AdminNav } from './AdminNav';
import { LimitsScreen } from './LimitsScreen';

export default function AdminScreens() {
  const app = useApp();
  const client = useClient();
  const [items, setItems] = useState<LimitItem[]>([]);
  const [problem, setProblem] = useState<string>();
  useEffect(() => void attempt(async () => setItems((await client.api.adminLimits()).items)).then(setProblem), [client]);
  return (
    <>
      <AdminNav serverName={app.serverName} version={app.server ? `tertulia ${app.server.version}` : ''} onBack={() => app.go({ at: 'rooms' })} />
      {problem ? (
        <PlainNotice name={t('admin.limits')} icon="lock" title={problem} text="" onBack={() => app.go({ at: 'rooms' })} />
      ) : (
        <LimitsScreen
          sections={limitSections(items)}
          onBack={() => app.go({ at: 'settings' })}
          onApply={(changes) => attemptForm(async () => setItems((await client.api.changeLimits(changes)).items))}
        />
      )}
    </>
  );
}
