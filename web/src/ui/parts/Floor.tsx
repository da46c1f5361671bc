// The floor of the first minute: cement tiles, the same ones for everybody.
type Ground = 'a' | 'b' | 'c' | 'd' | 'e' | 'f' | 'g';

const grounds: Record<Ground, [string, string]> = {
  a: ['--accent', '--tint-1'],
  b: ['--tint-1', '--accent'],
  c: ['--tint-1', '--ink-1'],
  d: ['--surface', '--ink-1'],
  e: ['--tint-2', '--ink-2'],
  f: ['--tint-3', '--ink-3'],
  g: ['--call', '--on-call'],
};

// Each tile: ground, drawing, quarter turns.
const rows = [
  'a10 e80 a13 e82 a50 c10 d81 f53',
  'f53 b60 c40 b23 d62 b23 g32 b60',
  'c41 g30 f51 a11 g31 f52 c41 a10',
  'd83 a61 e83 b60 c41 b12 e21 g30',
  'e23 g30 c13 f51 e20 d82 a53 b62',
  'a13 d81 a61 g31 b60 c42 g32 e81',
  'f51 e23 f50 e82 f52 e82 a63 c12',
  'b61 d81 c11 b62 c43 b10 f52 d83',
  'a10 g32 a51 d80 a50 d82 c42 g32',
  'e81 c40 b62 g31 b23 g33 b23 a13',
];

export function Floor() {
  return (
    <div className="floor">
      <svg viewBox="0 0 192 240" preserveAspectRatio="xMinYMin slice" aria-hidden="true">
        {rows.flatMap((row, y) =>
          row.split(' ').map((tile, x) => {
            const [ground, ink] = grounds[tile[0] as Ground];
            return (
              <g key={`${x} ${y}`} transform={`translate(${x * 24} ${y * 24})`} style={{ '--bg': `var(${ground})`, color: `var(${ink})` } as React.CSSProperties}>
                <rect width="24.2" height="24.2" fill={`var(${ground})`} />
                <use href={`#t-${tile[1]}`} width="24" height="24" fill="currentColor" transform={`rotate(${Number(tile[2]) * 90} 12 12)`} />
              </g>
            );
          }),
        )}
      </svg>
    </div>
  );
}
