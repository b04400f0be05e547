/** Draws a small line of values without axes. */

/** Returns the `d` of an SVG path, or null for fewer than two values. A null among `values` makes a gap. */
export function sparkPath(values: readonly (number | null)[], width: number, height: number): string | null {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return null;
  const low = Math.min(...known);
  const range = Math.max(...known) - low;
  const x = (index: number) => (index / (values.length - 1)) * width;
  // Equal values give a line through the middle.
  const y = (value: number) => (range === 0 ? height / 2 : height - ((value - low) / range) * height);
  let pen = "M";
  return values
    .flatMap((value, index) => {
      if (value === null) {
        pen = "M";
        return [];
      }
      const step = `${pen}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
      pen = "L";
      return [step];
    })
    .join("");
}
