import { sparkPath } from "../model/spark-line.ts";

const WIDTH = 84;
const HEIGHT = 20;

/** `values`: response times in ms, oldest first. Shows a dashed line while there are fewer than two. */
export function Sparkline({ values }: { values: readonly (number | null)[] }) {
  const path = sparkPath(values, WIDTH, HEIGHT);
  return (
    <svg
      width={WIDTH}
      height={HEIGHT + 2}
      viewBox={`0 -1 ${WIDTH} ${HEIGHT + 2}`}
      aria-hidden="true"
      className="shrink-0"
    >
      {path === null ? (
        <path d={`M0 ${HEIGHT / 2}H${WIDTH}`} className="stroke-line" strokeDasharray="2 4" />
      ) : (
        <path d={path} fill="none" className="stroke-accent" strokeWidth="1.4" strokeLinejoin="round" />
      )}
    </svg>
  );
}
