/** For progress in lines: allows a line after the first two seconds, and then every five. */
export function everyFewSeconds(): (say: () => void) => void {
  let next = Date.now() + 2_000;
  return (say) => {
    if (Date.now() < next) return;
    next = Date.now() + 5_000;
    say();
  };
}
