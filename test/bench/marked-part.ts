/** Replaces what is between the marks of a part of a page. @throws Error if a mark is missing */
export function withPart(page: string, name: string, content: string): string {
  const [begin, end] = [`<!-- begin of ${name} -->`, `<!-- end of ${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`The page has lost its marks of ${name}.`);
  return `${page.slice(0, from)}${begin}\n\n${content}\n${page.slice(to)}`;
}
