/** One line of the benchmark's table. */
export interface Figure {
  name: string;
  value: number;
  unit: string;
  /** Null: printed only. */
  limit: number | null;
  /** Which side of the limit is good. */
  better: "lower" | "higher";
  /** What a reader has to know beside the number. */
  note?: string;
}
