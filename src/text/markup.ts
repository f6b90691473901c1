/** A piece of HTML or SVG, with its texts escaped. */
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

/** Text for an element or a quoted attribute, with the special characters escaped. */
export const escaped = (text: string): string => text.replace(/[&<>"']/g, (letter) => entities[letter] ?? letter);

/** Template tag for HTML and SVG: escapes every inserted value, except other markup. */
export function markup(literals: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const show = (part: Part): string => {
    if (part instanceof Markup) return part.text;
    return typeof part === 'object' ? part.map(({ text }) => text).join('') : escaped(String(part));
  };
  return new Markup(literals.map((literal, at) => literal + (at < parts.length ? show(parts[at] ?? '') : '')).join(''));
}

/** Nothing. */
export const nothing = new Markup('');
