/** Which projects an API key opens. */

/** Ids of projects; null: the whole hub. */
export type Reach = readonly number[] | null;

export function reaches(reach: Reach, project_id: number): boolean {
  return reach === null || reach.includes(project_id);
}

/** Returns a part of the list. */
export function withinReach<T>(reach: Reach, items: readonly T[], projectOf: (item: T) => number): readonly T[] {
  return reach === null ? items : items.filter((item) => reach.includes(projectOf(item)));
}
