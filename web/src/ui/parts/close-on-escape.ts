// The side panel lies on top where there is no place beside the timeline: Esc then closes it.
const isOverlay = () => window.matchMedia('(max-width: 1180px)').matches;

export const closeOnEscape = (onClose: () => void) => (event: React.KeyboardEvent) => {
  if (event.key === 'Escape' && isOverlay()) onClose();
};
