import { formatNumber, t } from '../../view-models/texts';

/** From this share of the limit on it is shown. */
const NEAR = 0.9;

const utf8 = new TextEncoder();

export interface LimitState {
  used: number;
  near: boolean;
  over: boolean;
}

/** The server counts bytes of UTF-8, so the composer does, too. */
export function limitOf(text: string, max: number): LimitState {
  const used = text.length * 4 < max * NEAR ? text.length : utf8.encode(text.trim()).length;
  return { used, near: used >= max * NEAR, over: used > max };
}

export function LimitCount({ used, near, over, max }: LimitState & { max: number }) {
  if (!near) return null;
  return (
    <span className={over ? 'limit over' : 'limit'} role="status">
      {over ? t('composer.too_many', { n: used - max }) : t('composer.left', { used: formatNumber(used), limit: formatNumber(max) })}
    </span>
  );
}
