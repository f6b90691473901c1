const plainForms: Readonly<Record<string, string>> = {
  ...{ ä: 'ae', ö: 'oe', ü: 'ue', Ä: 'Ae', Ö: 'Oe', Ü: 'Ue', ß: 'ss' },
  ...{ '\u00A0': ' ', '–': '-', '…': '...' },
};

/** A text for a terminal without UTF-8: ae for ä, AE within capitals, a question mark for what has no such form. */
export function inAscii(text: string): string {
  const composed = text.normalize('NFC');
  return composed.replace(/[^\x00-\x7f]/gu, (letter, at: number) => {
    const plain = plainForms[letter] ?? '?';
    return /[ÄÖÜ]/.test(letter) && isInCapitals(composed, at) ? plain.toUpperCase() : plain;
  });
}

/** Whether the letters beside this one are capitals, as far as there are any. */
function isInCapitals(text: string, at: number): boolean {
  const beside = [text[at - 1] ?? '', text[at + 1] ?? ''].filter((letter) => /\p{L}/u.test(letter));
  return beside.length > 0 && beside.every((letter) => /\p{Lu}/u.test(letter));
}
