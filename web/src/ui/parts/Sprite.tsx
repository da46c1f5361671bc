// The drawings of icons and tiles, once in the page, for <use> to point at.
import icons from '../look/icons.svg?raw';
import tiles from '../look/tiles.svg?raw';

const symbols = [icons, tiles].map((svg) => svg.replace(/<\/?svg[^>]*>/g, '')).join('');

export function Sprite() {
  return <svg width="0" height="0" className="sprite" aria-hidden="true" dangerouslySetInnerHTML={{ __html: symbols }} />;
}
