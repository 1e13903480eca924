/** The build: the declarations of `lib`, its code in a file for each thing that a user may load, and the page of the monitor. */

import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { buildSync, transformSync } from 'esbuild'
import { bundle } from './bundles.mjs'
import { pruneDeclarations } from './declarations.mjs'
import { workerText } from './worker.mjs'

const root = join(import.meta.dirname, '..')
const [lib, dist] = [join(root, 'lib'), join(root, 'dist')]
const { exports: exported } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const tsc = join(root, 'node_modules/typescript/bin/tsc')
const entries = Object.values(exported).filter((each) => each.require !== undefined)

rmSync(dist, { recursive: true, force: true })
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
pruneDeclarations(dist, entries.flatMap((each) => [each.import, each.require]).map(typesOf))

await bundle(lib, dist, entries.map(sourceOf))
for (const { import: esm } of entries) {
  const file = join(lib, esm.default.slice('./dist/'.length).replace(/js$/, 'ts'))
  const options = { loader: 'ts', format: 'esm', target: 'node20' }
  writeFileSync(join(root, esm.default), transformSync(readFileSync(file, 'utf8'), options).code)
}

for (const room of ['persistence', 'shared']) {
  writeFileSync(join(dist, room, 'worker-code.js'), workerOf(join(lib, room, 'worker.ts')))
}
writeFileSync(join(dist, 'monitor/page.js'), pageOf(join(lib, 'monitor/page')))

/** The worker of a file as a module: a text that can be started wherever the code has gone. */
function workerOf(source) {
  return `module.exports = ${JSON.stringify(workerText(source))}\n`
}

/** The page of the monitor as a module: its files by name. Read from files beside the code, it would be missing in a bundle. */
function pageOf(folder) {
  const uPlot = dirname(createRequire(import.meta.url).resolve('uplot/package.json'))
  const { outputFiles } = buildSync({
    ...{ entryPoints: [join(folder, 'main.ts')], write: false },
    ...{ bundle: true, format: 'esm', target: 'es2022', legalComments: 'none' },
    ...{ minifyWhitespace: true, lineLimit: 100 },
  })
  const files = [
    ...['index.html', 'monitor.css'].map((name) => join(folder, name)),
    ...['uPlot.iife.min.js', 'uPlot.min.css'].map((name) => join(uPlot, 'dist', name)),
  ]
  const texts = Object.fromEntries(
    files.map((file) => [basename(file), readFileSync(file, 'utf8')]),
  )
  texts['main.js'] = outputFiles[0].text
  const licence = readFileSync(join(uPlot, 'LICENSE'), 'utf8')
  return `/*!\nuPlot, the chart library of the page:\n\n${licence}*/\nmodule.exports = ${JSON.stringify(texts, null, 1)}\n`
}

function sourceOf({ require: { default: file } }) {
  return file.slice('./dist/'.length, -'.js'.length)
}

function typesOf({ types }) {
  return join(root, types)
}
