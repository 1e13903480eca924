/** A program of its own: says how many ms it takes to require express-session, then a store's package, then to make a store. */

type Package = (session: unknown) => new (options: object) => unknown

function timed<Result>(work: () => Result): [number, Result] {
  const began = performance.now()
  const result = work()
  return [performance.now() - began, result]
}

const [name = ''] = process.argv.slice(2)
const [session, express] = timed(() => require('express-session'))
const [loaded, bind] = timed<Package>(() => require(name))
const [made] = timed(() => new (bind(express))({}))
process.stdout.write(JSON.stringify({ session, loaded, made }))
// Some stores hold a timer.
process.exit()
