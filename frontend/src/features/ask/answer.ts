import type { Citation } from "./thread";

/** A piece of an answer: words, or the mark of a citation. */
export type Piece = string | Citation;

/** Parts the answer at its marks (`[1]`); a mark that names no citation stays text. */
export function piecesOf(answer: string, citations: readonly Citation[]): Piece[] {
  return answer
    .split(/(\[\d+\])/)
    .map((part) => citations.find(({ number }) => part === `[${number}]`) ?? part)
    .filter((part) => part !== "");
}

/** The answer with its sources below, as it is pasted elsewhere. */
export function asText(answer: string, citations: readonly Citation[]): string {
  const sources = citations.map(
    (each) => `[${each.number}] ${each.document_name}, page ${each.page}: “${each.quote}”`,
  );
  return [answer, ...(sources.length > 0 ? [sources.join("\n")] : [])].join("\n\n");
}

/** Whether the answer is, or has in it, the very words of a quote; lines may break elsewhere. */
export function saysWordForWord(answer: string, quote: string): boolean {
  const joined = (text: string) => text.replace(/\s+/gu, " ").trim();
  return joined(answer).includes(joined(quote));
}
