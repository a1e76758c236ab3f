/**
 * How long to wait before another try, in milliseconds: twice as long each time, at most `most`, and somewhere in the
 * upper half of that, so that those who lost the same thing do not all come back at once.
 */
export function backoff(tries, { first = 1000, most = 30_000, chance = Math.random() } = {}) {
  const whole = Math.min(most, first * 2 ** Math.min(tries, 20));
  return Math.round(whole * (0.5 + chance / 2));
}
