// The drawing of an empty room: eight tiles and a place for one more.
const tiles: [number, number, number, number, number][] = [
  [0, 0, 1, 1, 0], [24, 0, 2, 6, 90], [48, 0, 1, 8, 180], [0, 24, 3, 6, 270],
  [48, 24, 1, 6, 0], [0, 48, 1, 2, 90], [24, 48, 2, 8, 180], [48, 48, 3, 3, 270],
];

export function MissingTile() {
  return (
    <svg className="art" viewBox="0 0 72 72" aria-hidden="true">
      {tiles.map(([x, y, tint, drawing, turn]) => (
        <g key={`${x} ${y}`} transform={`translate(${x} ${y})`} className={`t${tint}`} style={{ color: 'var(--ink)' }}>
          <rect width="24" height="24" fill="var(--bg)" />
          <use href={`#t-${drawing}`} width="24" height="24" fill="currentColor" transform={`rotate(${turn} 12 12)`} />
        </g>
      ))}
      <rect x="24.6" y="24.6" width="22.8" height="22.8" fill="var(--surface)" stroke="var(--line-strong)" strokeDasharray="3 3" />
    </svg>
  );
}
