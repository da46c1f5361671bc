// What to say when something did not work: in the words of the catalogue where the code is known, in the server's else.
import { ConnectionLost, RequestError } from '../connection/request-error';
import { t } from './texts';

export interface FormProblem {
  field?: string | undefined;
  text: string;
}

export function problemOf(error: unknown): FormProblem {
  if (error instanceof ConnectionLost) return { text: t('error.offline') };
  if (!(error instanceof RequestError)) throw error;
  const { code, detail, field, retry_after_ms } = error.wire;
  switch (code) {
    case 'rate_limited':
      return { text: t('error.rate', { n: Math.max(1, Math.ceil((retry_after_ms ?? 1000) / 1000)) }) };
    case 'wrong_password':
      return { field: field ?? 'password', text: t('error.credentials') };
    case 'unavailable':
    case 'overloaded':
      return { text: t('error.offline') };
    case 'internal':
      return { text: t('error.unknown') };
    default:
      return { field, text: field === 'handle' && code === 'conflict' ? t('error.taken') : detail };
  }
}

export const problemText = (error: unknown): string => problemOf(error).text;

/** After "Not sent:". */
export function failureText(code: string, detail: string): string {
  switch (code) {
    case 'slow_mode':
      return t('error.slow');
    case 'not_member':
      return t('error.not_member');
    case 'too_large':
      return t('error.too_long');
    case 'not_allowed':
      return t('error.forbidden');
    case 'blocked':
      return t('error.blocked');
    case 'not_found':
      return t('error.gone');
    case 'stale_send':
      return t('error.unsure');
    default:
      return detail;
  }
}

/** Runs something; what went wrong comes back as a text. */
export async function attempt(run: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return problemText(error);
  }
}

export async function attemptForm(run: () => Promise<unknown>): Promise<FormProblem | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return problemOf(error);
  }
}
