// The page: before the first room, or inside.
import { useApp } from './use-model';
import { Inside } from './Inside';
import { Boundary } from './parts/Boundary';
import { Sprite } from './parts/Sprite';
import { Welcome } from './welcome/Welcome';

export function App() {
  const app = useApp();
  return (
    <>
      <Sprite />
      <Boundary>{app.phase.at === 'inside' && app.client ? <Inside key={app.client.account.user} /> : <Welcome />}</Boundary>
    </>
  );
}
