/** The public names of `lembro/sqlite`, as ES modules have them. */

import lembro from './index.js'

export default lembro
export const { Lembro } = lembro
export type Lembro = lembro.Lembro
export type LembroSqliteOptions = lembro.LembroSqliteOptions
