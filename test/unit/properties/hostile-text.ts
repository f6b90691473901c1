import fc from 'fast-check';

/** Any text: printable, control characters, halves of surrogate pairs. */
export const anyText = fc.string({ unit: 'binary', maxLength: 200 });

/** What a torn or planted JSON file may hold: any text, or any JSON. */
export const anyJsonText = fc.oneof(anyText, fc.json({ maxDepth: 4 }));

/** A good text with a piece replaced, doubled or lost. */
export const damaged = (good: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(good, fc.nat(), fc.nat({ max: 20 }), fc.string({ unit: 'binary', maxLength: 8 }))
    .map(([text, place, length, piece]) => {
      const at = text.length === 0 ? 0 : place % text.length;
      return text.slice(0, at) + piece + text.slice(at + length);
    });

export const iso = fc
  .date({ min: new Date('1970-01-01'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
  .map((date) => date.toISOString());

export const label = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,15}$/);
