// Files in words and numbers: what a list says of them, how large and how long they are, and the colour that stands for a
// picture until it is there.
import type { UploadItem } from '../client/uploads';
import type { Attachment } from '../protocol/entries';
import { formatNumber, t } from './texts';

/** What a message without words says: "Photo", "3 photos", a name. */
export function filesLine(files: readonly Attachment[]): string {
  const first = files[0];
  if (!first) return '';
  const all = (kind: Attachment['kind']) => files.every((file) => file.kind === kind);
  if (files.length === 1) {
    if (first.kind === 'image') return t('files.photo');
    if (first.kind === 'video') return t('files.video');
    if (first.kind === 'voice') return t('files.voice', { length: lengthText(first.duration_ms ?? 0) });
    return first.name;
  }
  return all('image') ? t('files.photos', { n: files.length }) : t('files.count', { n: files.length });
}

/** The words of a message, or what stands for them in one line. */
export const wordsOrFiles = (text: string, files: readonly Attachment[]): string => (text === '' ? filesLine(files) : text);

export function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  const step = Math.min(units.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** step;
  return `${formatNumber(value >= 100 || step === 0 ? Math.round(value) : Math.round(value * 10) / 10)} ${units[step]}`;
}

export function lengthText(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** What a card in the tray says below a file's name. */
export function uploadText(item: UploadItem, now: number): string {
  switch (item.state) {
    case 'sending': {
      const seconds = (now - item.startedAt) / 1000;
      const speed = seconds > 1 && item.sent > 0 ? `, ${sizeText(item.sent / seconds)}/s` : '';
      return `${t('files.sent_of', { sent: sizeText(item.sent), size: sizeText(item.size) })}${speed}`;
    }
    case 'processing':
      return t('files.processing');
    case 'ready':
      return sizeText(item.size);
    case 'failed':
      return failureText(item);
  }
}

function failureText({ failure, size }: UploadItem): string {
  switch (failure?.code) {
    case 'too_large':
      return t('files.too_large', { size: sizeText(size), max: sizeText(Number(failure.bound ?? 0)) });
    case 'limit_reached':
      return t('files.too_many');
    case 'unavailable':
      return t('files.cut');
    default:
      return failure?.detail || t('files.failed');
  }
}

/** The average colour in a ThumbHash, as CSS; nothing where there is none. */
export function averageColour(blur: string | undefined): string | undefined {
  if (blur === undefined) return undefined;
  let bytes: number[];
  try {
    bytes = [...atob(blur)].map((character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
  const [a, b, c] = bytes;
  if (a === undefined || b === undefined || c === undefined) return undefined;
  const header = a | (b << 8) | (c << 16);
  const l = (header & 63) / 63;
  const p = ((header >> 6) & 63) / 31.5 - 1;
  const q = ((header >> 12) & 63) / 31.5 - 1;
  const blue = l - (2 / 3) * p;
  const red = (3 * l - blue + q) / 2;
  const part = (value: number) => Math.round(255 * Math.min(1, Math.max(0, value)));
  return `rgb(${part(red)} ${part(red - q)} ${part(blue)})`;
}
