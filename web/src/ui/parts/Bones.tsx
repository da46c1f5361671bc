// A skeleton where something is on its way: the place it will take.
const widths = [
  ['40%', '92%', '64%'],
  ['28%', '80%', '50%'],
  ['34%', '70%', '88%'],
];

export function Bones({ rows = 3 }: { rows?: number }) {
  return (
    <div className="bones" aria-hidden="true">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row}>
          <span className="bone round" />
          <span>
            {widths[row % widths.length]?.map((width) => <span key={width} className="bone" style={{ '--w': width } as React.CSSProperties} />)}
          </span>
        </div>
      ))}
    </div>
  );
}
