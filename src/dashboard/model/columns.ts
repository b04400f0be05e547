/** Columns of a small picture, aligned to the right: one path for each kind of them. */

export interface Column<Kind extends string> {
  kind: Kind;
  /** In px. */
  tall: number;
}

/** In px, and how many columns there is room for. `step`: from one column to the next. */
export interface ColumnShape {
  step: number;
  width: number;
  height: number;
  room: number;
}

/** The index of the column at `x` px from the left; null: there is none. `count`: how many there are. */
export function columnAt(count: number, x: number, { step, room }: Pick<ColumnShape, "step" | "room">): number | null {
  const index = Math.floor(x / step) - (room - count);
  return index >= 0 && index < count ? index : null;
}

/** One path for each kind, because thousands of shapes would make a long list slow. */
export function columnPaths<Kind extends string>(
  columns: readonly Column<Kind>[],
  { step, width, height, room }: ColumnShape,
): Map<Kind, string> {
  const paths = new Map<Kind, string>();
  columns.forEach(({ kind, tall }, index) => {
    const x = (room - columns.length + index) * step;
    const shape = `M${x} ${height}v-${tall.toFixed(1)}h${width}V${height}Z`;
    paths.set(kind, (paths.get(kind) ?? "") + shape);
  });
  return paths;
}
