/** For progress in lines: allows a line after the first two seconds, and then every five. */
export function everyFewSeconds(): (say: () => void) => void {
  let next = performance.now() + 2_000;
  return (say) => {
    if (performance.now() < next) return;
    next = performance.now() + 5_000;
    say();
  };
}
