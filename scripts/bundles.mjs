/**
 * The code of `lib` in few files, since Node takes some 0.2 ms to find and load each: `core.js` has all
 * that a plain store needs, `persistence/index.js` is required for a `saveFile`, and each sub-export
 * has a file of its own. A source is in one of them only, so what the core keeps exists once.
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
 * such as `redis/index`. Throws if a source would be in two of them.
 */
export async function bundle(lib, dist, exported) {
  const required = apart(
    lib,
    (_, kind) => kind === 'require-call',
    (source) => `./${source}.js`,
  )
  const inCore = await coreOf(lib, required)
  const ofCore = (fileOf) => apart(lib, (source) => inCore.has(source), fileOf)

  // Twice: what a part takes from the core is known once the part has been put together.
  const names = [...exported, ...REQUIRED]
  const parts = names.map((name) => ({ ...OPTIONS, entryPoints: [join(lib, `${name}.ts`)] }))
  const named = await Promise.all(
    parts.map((options) => {
      const plugins = [ofCore((source) => `core:${source}`)]
      return build({ ...options, plugins, format: 'esm', write: false })
    }),
  )
  const contents = exportsOf(named.map(({ outputFiles: [{ text }] }) => text))
  const core = {
    ...{ ...OPTIONS, stdin: { contents, resolveDir: lib }, plugins: [required] },
    // Plain properties: esbuild's are getters, which every call from another file would pay for.
    footer: { js: 'module.exports = { ...module.exports };' },
  }
  const results = await Promise.all([
    build({ ...core, ...SMALL, format: 'cjs', outfile: join(dist, 'core.js') }),
    ...parts.map((options, at) => {
      const plugins = [ofCore(() => `${names[at].includes('/') ? '..' : '.'}/core.js`)]
      const outfile = join(dist, `${names[at]}.js`)
      return build({ ...options, ...SMALL, plugins, format: 'cjs', outfile })
    }),
  ])
  refuseTwins(results.flatMap((result) => sourcesOf(lib, result)))
}

/** The sources that are loaded with a plain store. */
async function coreOf(lib, plugin) {
  const entryPoints = [join(lib, 'index.ts')]
  const result = await build({ ...OPTIONS, entryPoints, write: false, plugins: [plugin] })
  return new Set(sourcesOf(lib, result).filter((source) => source !== 'index'))
}

/** Leaves sources out of a bundle, which requires what `fileOf` gives for them instead. */
function apart(lib, isApart, fileOf) {
  const setup = ({ onResolve }) =>
    onResolve({ filter: /^\./ }, ({ path, resolveDir, kind }) => {
      const target = resolve(resolveDir, path)
      const file = [`${target}.ts`, join(target, 'index.ts')].find(existsSync)
      // The page of the monitor, which the build writes beside the code.
      if (file === undefined) return { path, external: true }
      const source = nameOf(lib, file)
      return isApart(source, kind) ? { path: fileOf(source), external: true } : { path: file }
    })
  return { name: 'apart', setup }
}

/** Exports of the core: what the other files import of it, which esbuild tells once it has dropped the types. */
function exportsOf(texts) {
  const sources = new Map()
  for (const text of texts) {
    for (const [, names, source] of text.matchAll(/^import \{([^}]*)\} from "core:(.*)";$/gm)) {
      for (const name of names.split(',').map((each) => each.trim().split(' ')[0])) {
        const other = sources.get(name) ?? source
        if (other !== source) throw new Error(`${name} is exported by ${other} and by ${source}`)
        sources.set(name, source)
      }
    }
  }
  return [...sources].map(([name, source]) => `export { ${name} } from './${source}'\n`).join('')
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
