/** One tab stop per region, arrows inside it: moves focus among the matching elements. True when it did. */
export function moveFocus(event: React.KeyboardEvent, box: HTMLElement | null, selector: string): boolean {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
  if (step === undefined || !box) return false;
  const stops = [...box.querySelectorAll<HTMLElement>(selector)].filter((stop) => !stop.hasAttribute('disabled'));
  if (stops.length === 0) return false;
  const at = stops.indexOf(document.activeElement as HTMLElement);
  const next = Math.min(stops.length - 1, Math.max(0, (at < 0 ? 0 : at) + step));
  event.preventDefault();
  stops[at < 0 ? 0 : next]?.focus();
  return true;
}
