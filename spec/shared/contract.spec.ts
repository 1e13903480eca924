/** Of what any store does, by `store.ts`, `shared-home.ts`, `turns.ts` and `shared-file.ts`. */

import { describeContract } from '../support/contract'
import { openShared } from '../support/shared'

const ORDER = 'sessions are listed by their first set, not by age'

describeContract(
  'in a file that is shared',
  async ({ client: _, ...options } = {}, clock) => {
    const { store, error } = await openShared({ maxSize: '4M', touchAfter: 0, ...options }, clock)
    if (error !== null) throw error
    return store
  },
  {
    'touches the cookie and the expiry, never the body':
      'a touch moves the expiry alone: the text stays, with the cookie in it',
    'gives all by id in an object without a prototype, and their ids, newest first': ORDER,
    'takes "\\ud800" for an id like any other':
      'half a surrogate pair is no character in UTF-8: it becomes U+FFFD',
    'gives a stale session once, where it may': 'the option is refused: see options.spec.ts',
    'saves a session that was only evicted while its request ran':
      'of a session that is gone no process knows whether it was evicted or signed out elsewhere',
    'lets the last write win by default':
      'only what this process knows of is counted as a conflict where the last write wins',
  },
)
