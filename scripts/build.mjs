/** The build: the declarations of `lib`, its code in a file for each thing that a user may load, and the page of the monitor. */

import { execFileSync } from 'node:child_process'
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { buildSync, transformSync } from 'esbuild'
import { bundle } from './bundles.mjs'
import { pruneDeclarations } from './declarations.mjs'

const root = join(import.meta.dirname, '..')
const [lib, dist] = [join(root, 'lib'), join(root, 'dist')]
const [page, built] = [join(lib, 'monitor/page'), join(dist, 'monitor/page')]
const uPlot = dirname(createRequire(import.meta.url).resolve('uplot/package.json'))
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

buildSync({
  ...{ entryPoints: [join(page, 'main.ts')], outdir: built },
  ...{ bundle: true, format: 'esm', target: 'es2022', legalComments: 'none' },
  ...{ minifyWhitespace: true, lineLimit: 100 },
})
for (const file of ['index.html', 'monitor.css']) copyFileSync(join(page, file), join(built, file))
for (const file of ['uPlot.iife.min.js', 'uPlot.min.css']) {
  copyFileSync(join(uPlot, 'dist', file), join(built, file))
}
copyFileSync(join(uPlot, 'LICENSE'), join(built, 'uPlot.LICENSE'))

function sourceOf({ require: { default: file } }) {
  return file.slice('./dist/'.length, -'.js'.length)
}

function typesOf({ types }) {
  return join(root, types)
}
