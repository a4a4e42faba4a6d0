export interface Run {
  text: string;
  found: boolean;
}

const WORD = /[\p{L}\p{N}]+/gu;
// What nearly every passage has tells nothing when it is marked.
const COMMON = new Set(
  (
    "a an and are as at be been by did do does for from had has have how in into is it its of on or " +
    "that the their there these this those to was were what when where which who why will with"
  ).split(" "),
);

/** Parts a passage at the query's words, in any case and with any of English's common endings. */
export function runsOf(passage: string, query: string): Run[] {
  const wanted = wantedIn(query);
  const runs: Run[] = [];
  let end = 0;
  for (const { index, 0: word } of passage.matchAll(WORD)) {
    if (!wanted.has(stem(word))) continue;
    if (index > end) runs.push({ text: passage.slice(end, index), found: false });
    runs.push({ text: word, found: true });
    end = index + word.length;
  }
  if (end < passage.length) runs.push({ text: passage.slice(end), found: false });
  return runs;
}

/**
 * The stretch of a passage that has most of the query's words, cut between words. The lines are a
 * page's, not an excerpt's, so they are joined.
 */
export function excerptOf(whole: string, query: string, length: number): string {
  const passage = whole.replace(/\s+/gu, " ").trim();
  if (passage.length <= length) return passage;
  const wanted = wantedIn(query);
  const found = [...passage.matchAll(WORD)]
    .map(({ index, 0: word }) => ({ index, stem: stem(word) }))
    .filter((each) => wanted.has(each.stem));
  const kinds = (from: number) =>
    new Set(found.filter(({ index }) => index >= from && index < from + length).map((f) => f.stem));
  let best = { from: 0, count: kinds(0).size };
  for (const { index } of found) {
    // Some words before the first one found, so that it reads on.
    const from = wordAt(passage, Math.max(0, index - length / 4));
    const count = kinds(from).size;
    if (count > best.count) best = { from, count };
  }
  const end = best.from + length;
  const until = end < passage.length ? passage.lastIndexOf(" ", end) : passage.length;
  const cut = passage.slice(best.from, until > best.from ? until : end).trim();
  return `${best.from > 0 ? "… " : ""}${cut}${end < passage.length ? " …" : ""}`;
}

function wantedIn(query: string): Set<string> {
  const words = (query.match(WORD) ?? []).map((word) => word.toLowerCase());
  const telling = words.filter((word) => !COMMON.has(word));
  return new Set((telling.length > 0 ? telling : words).map(stem));
}

/** Enough of a stem that `repurchases` finds `repurchased`; the search itself stems better. */
function stem(word: string): string {
  const small = word.toLowerCase();
  const bare = small.replace(/(?:ies|es|ed|ing|s|e|y)$/u, "");
  return bare.length >= 3 ? bare : small;
}

function wordAt(passage: string, place: number): number {
  if (place === 0) return 0;
  const gap = passage.slice(Math.floor(place)).search(/\s/u);
  return gap < 0 ? Math.floor(place) : Math.floor(place) + gap + 1;
}
