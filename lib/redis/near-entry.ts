/** A session in the near cache: an entry that knows of which text it was made, and when. */

import { Entry } from '../entry/entry'
import { flat } from '../entry/text'

/** Bytes of the three fields, and of the hex text that a version is: a header of 16 and 40 characters. */
const FIELDS_BYTES = 24
const VERSION_BYTES = 56

/** Made anew for each text: what it holds of a session never changes but for the expiry. */
export class NearEntry extends Entry {
  constructor(
    sid: string,
    /** Of the text that its home holds; `undefined` if no save asks for it. */
    readonly version: string | undefined,
    /** Of the near cache when it came. Entries of an earlier one are not used: see `near.ts`. */
    readonly generation: number,
    /** When it came, in whole seconds. */
    readonly since: number,
  ) {
    super(flat(sid))
  }

  override get ownBytes(): number {
    return FIELDS_BYTES + (this.version === undefined ? 0 : VERSION_BYTES)
  }
}
