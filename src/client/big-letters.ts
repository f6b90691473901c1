/** Rows of five points each: # is on. Only the characters of the station's big words and of labels. */
const shapes: Readonly<Record<string, string>> = {
  A: ' ### |#   #|#####|#   #|#   #',
  Ä: '#   #| ### |#   #|#####|#   #',
  B: '#### |#   #|#### |#   #|#### ',
  C: ' ####|#    |#    |#    | ####',
  D: '#### |#   #|#   #|#   #|#### ',
  E: '#####|#    |#### |#    |#####',
  F: '#####|#    |#### |#    |#    ',
  G: ' ####|#    |#  ##|#   #| ####',
  H: '#   #|#   #|#####|#   #|#   #',
  I: ' ### |  #  |  #  |  #  | ### ',
  J: '  ###|   # |   # |#  # | ##  ',
  K: '#   #|#  # |###  |#  # |#   #',
  L: '#    |#    |#    |#    |#####',
  M: '#   #|## ##|# # #|#   #|#   #',
  N: '#   #|##  #|# # #|#  ##|#   #',
  O: ' ### |#   #|#   #|#   #| ### ',
  Ö: '#   #| ### |#   #|#   #| ### ',
  P: '#### |#   #|#### |#    |#    ',
  Q: ' ### |#   #|# # #|#  # | ## #',
  R: '#### |#   #|#### |#  # |#   #',
  S: ' ####|#    | ### |    #|#### ',
  T: '#####|  #  |  #  |  #  |  #  ',
  U: '#   #|#   #|#   #|#   #| ### ',
  Ü: '#   #|     |#   #|#   #| ### ',
  V: '#   #|#   #|#   #| # # |  #  ',
  W: '#   #|#   #|# # #|## ##|#   #',
  X: '#   #| # # |  #  | # # |#   #',
  Y: '#   #| # # |  #  |  #  |  #  ',
  Z: '#####|   # |  #  | #   |#####',
  0: ' ### |#  ##|# # #|##  #| ### ',
  1: '  #  | ##  |  #  |  #  | ### ',
  2: '#### |    #| ### |#    |#####',
  3: '#### |    #| ### |    #|#### ',
  4: '#  # |#  # |#####|   # |   # ',
  5: '#####|#    |#### |    #|#### ',
  6: ' ### |#    |#### |#   #| ### ',
  7: '#####|   # |  #  | #   |#    ',
  8: ' ### |#   #| ### |#   #| ### ',
  9: ' ### |#   #| ####|    #| ### ',
  _: '     |     |     |     |#####',
  '-': '     |     |#####|     |     ',
  '.': '     |     |     |  ## |  ## ',
};

/** Height of a line of big letters. */
export const letterRows = 5;

const blank = '  ';

/** Width of a text in big letters, in columns. */
export const widthOf = (text: string): number => Math.max(0, ...bigRows(text).map((row) => row.length));

/** A text in letters of five rows, # for a point that is on. Characters without a shape are left out. */
export function bigRows(text: string): string[] {
  const letters = Array.from(text.toUpperCase()).flatMap((letter) =>
    letter === ' ' ? [blank] : (shapes[letter] ?? []),
  );
  return Array.from({ length: letterRows }, (_, row) =>
    letters.map((letter) => (letter === blank ? blank : (letter.split('|')[row] ?? ''))).join(' '),
  );
}
