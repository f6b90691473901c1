/** A piece of HTML or SVG whose texts are escaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Markup | readonly Markup[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it may stand in an element or in a quoted attribute. */
export const escaped = (text: string): string => text.replace(/[&<>"']/g, (letter) => entities[letter] ?? letter);

/** Template for HTML and SVG: everything put into it is escaped, except other markup. */
export function markup(literals: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const show = (part: Part): string => {
    if (part instanceof Markup) return part.text;
    return typeof part === 'object' ? part.map(({ text }) => text).join('') : escaped(String(part));
  };
  return new Markup(literals.map((literal, at) => literal + (at < parts.length ? show(parts[at] ?? '') : '')).join(''));
}

/** Nothing. */
export const nothing = new Markup('');
