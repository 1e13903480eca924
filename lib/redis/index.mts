/** The public names of `lembro/redis`, as ES modules have them. */

import lembro from './index.js'

export default lembro
export const { Lembro } = lembro
export type Lembro = lembro.Lembro
export type LembroRedisOptions = lembro.LembroRedisOptions
export type NearStats = lembro.NearStats
export type NodeRedisClient = lembro.NodeRedisClient
export type IoRedisClient = lembro.IoRedisClient
