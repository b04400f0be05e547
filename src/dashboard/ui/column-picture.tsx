import { useState } from "react";
import { type Column, type ColumnShape, columnAt, columnPaths } from "../model/columns.ts";

interface ColumnPictureProps<Kind extends string> {
  columns: readonly Column<Kind>[];
  shape: ColumnShape;
  /** The class that fills columns of the kind. */
  fill: Record<Kind, string>;
  /** Says what all columns together show. */
  words: string;
  /** Says what one of them shows. */
  wordsOf(index: number): string;
}

/** The column that is pointed at says what it shows; all columns together are one picture. */
export function ColumnPicture<Kind extends string>({ columns, shape, fill, words, wordsOf }: ColumnPictureProps<Kind>) {
  const [pointed, setPointed] = useState<number | null>(null);
  const width = shape.room * shape.step;
  return (
    <svg
      role="img"
      aria-label={words}
      width={width}
      height={shape.height}
      viewBox={`0 0 ${width} ${shape.height}`}
      className="relative z-10 shrink-0"
      onPointerMove={({ nativeEvent }) => setPointed(columnAt(columns.length, nativeEvent.offsetX, shape))}
      onPointerLeave={() => setPointed(null)}
    >
      <title>{pointed === null || pointed >= columns.length ? words : wordsOf(pointed)}</title>
      {[...columnPaths(columns, shape)].map(([kind, path]) => (
        <path key={kind} d={path} className={fill[kind]} />
      ))}
    </svg>
  );
}
