import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { sourcesIn } from './support/covers'

const LIB = path.resolve('lib')

/** The rooms, which are the folders and single files of `lib`, the lowest first. A file imports from its own room and from lower ones. */
const ROOMS = [
  'settings',
  'clock',
  'call',
  'entry',
  'ledger',
  'stats',
  'reduce',
  'session',
  'sqlite',
  'persistence',
  'core',
  'store',
  'bind',
  'index',
  'home',
  'redis',
  'shared',
  'metrics',
  'monitor',
  'monitor/page',
  'hosts',
]

/** Rooms of one file without specs of their own: the specs of the others go through them. */
const PUT_TOGETHER = ['reduce', 'core', 'index']

/** `ledger` for `lib/ledger/lane.ts`, `monitor/page` for `lib/monitor/page/facts.ts`; the file's own name at the top level. */
function roomOf(file: string): string {
  const [first = '', second = '', third] = path.relative(LIB, file).split(path.sep)
  return third === undefined ? path.parse(first).name : `${first}/${second}`
}

/** The files that a file of `lib` imports, by `import`, `export … from`, `import()` or `require()`. */
function importsOf(file: string): string[] {
  const text = fs.readFileSync(file, 'utf8')
  const found = text.matchAll(/(?:\bfrom|\bimport|\brequire)\s*\(?\s*'(\.[^']*)'/g)
  // The page of the monitor and the code of the worker are written by the build.
  return [...found]
    .filter(([, name]) => name !== './page.js' && name !== './worker-code.js')
    .map(([, name = '']) => {
      const target = path.resolve(path.dirname(file), name).replace(/\.js$/, '')
      const source = [`${target}.ts`, `${target}.d.ts`, `${target}/index.ts`].find(fs.existsSync)
      assert(source, `${file} imports ${name}, which is no file of lib`)
      return source
    })
}

const sources = sourcesIn(LIB)
const name = (file: string) => path.relative(LIB, file)

describe('the rooms of lib', () => {
  it('are all known', () => {
    assert.deepEqual([...new Set(sources.map(roomOf))].sort(), [...ROOMS].sort())
  })

  it('import only from the rooms below them', () => {
    const upward = sources.flatMap((file) =>
      importsOf(file)
        .filter((target) => ROOMS.indexOf(roomOf(target)) > ROOMS.indexOf(roomOf(file)))
        .map((target) => `${name(file)} imports ${name(target)}`),
    )
    assert.deepEqual(upward, [])
  })

  it('have no circle of imports', () => {
    const done = new Set<string>()
    const circles: string[] = []
    const visit = (file: string, above: readonly string[]) => {
      const at = above.indexOf(file)
      if (at >= 0) circles.push([...above.slice(at), file].map(name).join(' → '))
      if (at >= 0 || done.has(file)) return
      for (const target of importsOf(file)) visit(target, [...above, file])
      done.add(file)
    }
    for (const file of sources) visit(file, [])
    assert.deepEqual(circles, [])
  })

  it('have a folder or file of specs each, but those that only put together what others own', () => {
    const bare = [...new Set(ROOMS.map((room) => room.split('/')[0] as string))].filter(
      (room) => !fs.existsSync(`spec/${room}`) && !fs.existsSync(`spec/${room}.spec.ts`),
    )
    assert.deepEqual(bare, PUT_TOGETHER)
  })
})
