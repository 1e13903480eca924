/** The build: what TypeScript makes of `lib`, and the page of the monitor with the library of its charts. */

import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'

const root = join(import.meta.dirname, '..')
const page = join(root, 'lib/monitor/page')
const dist = join(root, 'dist')
const built = join(dist, 'monitor/page')
const uPlot = dirname(createRequire(import.meta.url).resolve('uplot/package.json'))
const { exports: exported } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const tsc = join(root, 'node_modules/typescript/bin/tsc')

function compile(...options) {
  execFileSync(process.execPath, [tsc, ...options], { cwd: root, stdio: 'inherit' })
}

/** Adds the declarations that a file's types are made of, to those that are known to be needed. */
function declarationsOf(file, needed) {
  if (needed.has(file)) return
  needed.add(file)
  for (const [, name] of readFileSync(file, 'utf8').matchAll(/(?:from|import\()\s*'(\.[^']*)'/g)) {
    const target = resolve(dirname(file), name.replace(/\.js$/, ''))
    const found = [`${target}.d.ts`, `${target}/index.d.ts`].find((each) => existsSync(each))
    declarationsOf(found, needed)
  }
}

/** Removes the declarations that no public name leads to. */
function pruneDeclarations() {
  const needed = new Set()
  for (const { import: esm, require: cjs } of Object.values(exported)) {
    for (const each of [esm, cjs]) if (each) declarationsOf(join(root, each.types), needed)
  }
  for (const name of readdirSync(dist, { recursive: true })) {
    const file = join(dist, name)
    if (/\.d\.m?ts$/.test(name) && !needed.has(file)) rmSync(file)
  }
}

rmSync(dist, { recursive: true, force: true })
// The declarations keep their comments, which editors show; nobody reads those of the code.
compile('-p', 'tsconfig.build.json', '--emitDeclarationOnly')
pruneDeclarations()
compile('-p', 'tsconfig.build.json', '--declaration', 'false', '--removeComments')
// Checked by `npm run types`: the types that it shares with the server are not built a second time.
compile(
  ...['-p', 'tsconfig.page.json', '--noEmit', 'false', '--noCheck', '--noResolve'],
  ...['--removeComments', '--rootDir', page, '--outDir', built],
)
for (const file of readdirSync(page).filter((name) => /\.(html|css)$/.test(name))) {
  copyFileSync(join(page, file), join(built, file))
}
for (const file of ['uPlot.iife.min.js', 'uPlot.min.css']) {
  copyFileSync(join(uPlot, 'dist', file), join(built, file))
}
copyFileSync(join(uPlot, 'LICENSE'), join(built, 'uPlot.LICENSE'))
