/** Joins the history of consecutive parts of the past. */

interface Timed {
  at: string;
}

interface Part<P extends Timed> {
  /** The start that was asked for, Unix ms. */
  start: number;
  points: readonly P[];
}

/**
 * The hub answers with whole hours and days, so the points of two neighbours may cover the same time. Each point is kept by
 * the part in which it begins. `parts`: oldest first.
 */
export function joinedPoints<P extends Timed>(parts: readonly Part<P>[]): P[] {
  return parts.flatMap(({ start, points }, index) => {
    const from = index === 0 ? Number.NEGATIVE_INFINITY : start;
    const to = parts[index + 1]?.start ?? Number.POSITIVE_INFINITY;
    return points.filter(({ at }) => Date.parse(at) >= from && Date.parse(at) < to);
  });
}
