import { grow, measure } from './dist/sections/operations.js'

const store = process.argv[2]
await grow({ store, shape: { characters: 200, owned: true }, sessions: 10000 })
for (const operation of [
  'get',
  'get and createSession',
  'touch',
  'read request',
  'set again',
  'set new',
]) {
  const all = []
  for (let i = 0; i < 6; i++) all.push(Math.round(await measure({ operation, batches: 60 })))
  console.log(store, operation, all.join(' '))
}
process.exit()
