/** A text around a piece of it. The API counts code points, JavaScript half of some. */
export function cut(text: string, start: number, end: number): [string, string, string] {
  const points = Array.from(text);
  return [
    points.slice(0, start).join(""),
    points.slice(start, end).join(""),
    points.slice(end).join(""),
  ];
}
