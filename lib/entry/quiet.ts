/** JSON's errors without what they quote: an error message must not show what is in a session. */

/** Runs what may throw an error of JSON's. V8 quotes the text that it can't parse, and names the keys that lead round a circle. */
export function quiet<Value>(run: () => Value): Value {
  try {
    return run()
  } catch (thrown) {
    if (thrown instanceof SyntaxError) throw new SyntaxError('session: its text can not be parsed')
    if (thrown instanceof TypeError && /^Converting circular/.test(thrown.message)) {
      throw new TypeError('session: expected what JSON can hold; got a circular structure')
    }
    throw thrown
  }
}
