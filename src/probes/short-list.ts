/** Lists texts in so many characters: only whole ones, but for a first that is too long, and a sign that there are more. */
export function shortList(texts: readonly string[], maxChars: number): string {
  const MORE = " …";
  const whole = texts.join(", ");
  if (whole.length <= maxChars) return whole;
  let list = "";
  for (const text of texts) {
    const longer = list === "" ? text : `${list}, ${text}`;
    if (longer.length > maxChars - MORE.length) break;
    list = longer;
  }
  return (list === "" ? whole.slice(0, maxChars - MORE.length) : list) + MORE;
}
