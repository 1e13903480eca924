/**
 * The code of `lib` in few files, since Node takes some 0.2 ms to find and load each: `core.js` has all
 * that a plain store needs, `persistence/index.js` is required for a `saveFile`, and each sub-export
 * has a file of its own. What two of them need is in a file for its room. A source is in one of them
 * only, so what the core keeps exists once.
 */

import { existsSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { build } from 'esbuild'

/** What the core requires when a store asks for it. */
const REQUIRED = ['persistence/index']
const OPTIONS = {
  ...{ bundle: true, platform: 'node', target: 'node20', packages: 'external' },
  ...{ legalComments: 'none', metafile: true },
}

// Names stay, and lines are short: a user may have to read a stack trace.
const SMALL = { minifyWhitespace: true, lineLimit: 100 }

/**
 * Bundles the sources of `lib` into files of `dist`: one for each of `exported`, a source by its name
 * such as `redis/index`, and one for each room that two of them use. Throws if a source would be in two.
 */
export async function bundle(lib, dist, exported) {
  const required = apart(
    lib,
    (_, kind) => (kind === 'require-call' ? 'required' : undefined),
    (_, source) => `./${source}.js`,
  )
  const inCore = await coreOf(lib, required)
  const names = [...exported, ...REQUIRED]
  const parts = names.map((name) => ({ ...OPTIONS, entryPoints: [join(lib, `${name}.ts`)] }))
  const shared = await sharedRooms(lib, parts, inCore)
  /** The file that a source is in, if not in that of the part itself: the core's, or that of a room. */
  const fileOf = (own) => (source) => {
    if (inCore.has(source)) return 'core'
    const room = roomOf(source)
    return shared.includes(room) && room !== own ? room : undefined
  }
  const named = (options, own) => {
    const plugins = [apart(lib, fileOf(own), (file, source) => `${file}:${source}`)]
    return build({ ...options, plugins, format: 'esm', write: false })
  }
  const textOf = ({ outputFiles: [{ text }] }) => text

  // Twice: what a part takes from the core is known once the part has been put together.
  const texts = (await Promise.all(parts.map((options) => named(options)))).map(textOf)
  const rooms = []
  for (const room of shared) {
    const stdin = { contents: exportsOf(texts, room), resolveDir: lib }
    const options = { ...OPTIONS, stdin }
    texts.push(textOf(await named(options, room)))
    rooms.push({ options, room })
  }
  const core = {
    ...{ ...OPTIONS, stdin: { contents: exportsOf(texts, 'core'), resolveDir: lib } },
    plugins: [required],
  }
  const written = (options, outfile, own) => {
    const up = outfile.includes('/') ? '..' : '.'
    const plugins = options.plugins ?? [apart(lib, fileOf(own), (file) => `${up}/${file}.js`)]
    return build({ ...options, ...SMALL, plugins, format: 'cjs', outfile: join(dist, outfile) })
  }
  const results = await Promise.all([
    written(core, 'core.js'),
    ...rooms.map(({ options, room }) => written(options, `${room}.js`, room)),
    ...parts.map((options, at) => written(options, `${names[at]}.js`)),
  ])
  refuseTwins(results.flatMap((result) => sourcesOf(lib, result)))
}

/** The rooms of which two parts have something. */
async function sharedRooms(lib, parts, inCore) {
  const plugins = [
    apart(
      lib,
      (source) => (inCore.has(source) ? 'core' : undefined),
      (file) => file,
    ),
  ]
  const results = await Promise.all(
    parts.map((options) => build({ ...options, plugins, write: false })),
  )
  const sources = results.flatMap((result) => sourcesOf(lib, result))
  const twins = sources.filter((source, at) => sources.indexOf(source) !== at)
  return [...new Set(twins.map(roomOf))]
}

function roomOf(source) {
  return source.split('/')[0]
}

/** The sources that are loaded with a plain store. */
async function coreOf(lib, plugin) {
  const entryPoints = [join(lib, 'index.ts')]
  const result = await build({ ...OPTIONS, entryPoints, write: false, plugins: [plugin] })
  return new Set(sourcesOf(lib, result).filter((source) => source !== 'index'))
}

/** Leaves those sources out of a bundle for which `fileOf` tells the file that they are in. The bundle requires what `pathOf` gives for them instead. */
function apart(lib, fileOf, pathOf) {
  const setup = ({ onResolve }) =>
    onResolve({ filter: /^\./ }, ({ path, resolveDir, kind }) => {
      const target = resolve(resolveDir, path)
      const found = [`${target}.ts`, join(target, 'index.ts')].find(existsSync)
      // What the build writes beside the code: the page of the monitor, the code of a worker.
      if (found === undefined) return { path, external: true }
      const source = nameOf(lib, found)
      const file = fileOf(source, kind)
      return file === undefined ? { path: found } : { path: pathOf(file, source), external: true }
    })
  return { name: 'apart', setup }
}

/** Exports of a file: what the others import of it, which esbuild tells once it has dropped the types. */
function exportsOf(texts, file) {
  const sources = new Map()
  for (const text of texts) {
    for (const [, names, source] of text.matchAll(importsOf(file))) {
      for (const name of names.split(',').map((each) => each.trim().split(' ')[0])) {
        const other = sources.get(name) ?? source
        if (other !== source) throw new Error(`${name} is exported by ${other} and by ${source}`)
        sources.set(name, source)
      }
    }
  }
  const imports = [...sources].map(([name, source]) => `import { ${name} } from './${source}'\n`)
  return `${imports.join('')}module.exports = { ${[...sources.keys()].join(', ')} }\n`
}

function importsOf(file) {
  return new RegExp(`^import \\{([^}]*)\\} from "${file}:(.*)";$`, 'gm')
}

function refuseTwins(sources) {
  const twins = sources.filter((source, at) => sources.indexOf(source) !== at)
  if (twins.length > 0) throw new Error(`these sources are in two files: ${twins.join(', ')}`)
}

function sourcesOf(lib, { metafile }) {
  const files = Object.keys(metafile.inputs).filter((file) => existsSync(file))
  return files.map((file) => nameOf(lib, resolve(file)))
}

function nameOf(lib, file) {
  return relative(lib, file).split(sep).join('/').replace(/\.ts$/, '')
}
