/** The public names, as ES modules have them. */

import lembro from './index.js'

export default lembro
export const { Lembro, clientOf, defaultOwner } = lembro
export type Lembro = lembro.Lembro
export type Callback<Value = void> = lembro.Callback<Value>
export type CompactionReport = lembro.CompactionReport
export type ConflictResolver = lembro.ConflictResolver
export type Departure = lembro.Departure
export type LembroOptions = lembro.LembroOptions
export type LembroStats = lembro.LembroStats
export type OwnedSession = lembro.OwnedSession
export type OwnerName = lembro.OwnerName
export type PurgeReport = lembro.PurgeReport
export type ReduceReport = lembro.ReduceReport
export type RemovalCause = lembro.RemovalCause
export type SaveStats = lembro.SaveStats
export type Serializer = lembro.Serializer
