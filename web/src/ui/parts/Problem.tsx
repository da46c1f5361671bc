import { Icon } from './Icon';

/** What went wrong with a form as a whole. */
export function Problem({ text }: { text: string | undefined }) {
  if (!text) return null;
  return (
    <p className="hint bad" role="alert">
      <Icon name="alert" small />
      {text}
    </p>
  );
}
