/** Lets a process require TypeScript: `node --require ./scripts/typescript.cjs spec/a.ts`. The runner of the specs has compiled it all before; else each file is compiled as it is required. */

const { readFileSync } = require('node:fs')
const { join, relative } = require('node:path')

const ROOT = join(__dirname, '..')
const { LEMBRO_COMPILED } = process.env

require.extensions['.ts'] = (module, file) => {
  const text =
    LEMBRO_COMPILED === undefined
      ? compiled(file)
      : readFileSync(join(LEMBRO_COMPILED, relative(ROOT, file).replace(/ts$/, 'js')), 'utf8')
  module._compile(text, file)
}

function compiled(file) {
  const { transformSync } = require('esbuild')
  const options = {
    loader: 'ts',
    format: 'cjs',
    target: 'node20',
    sourcemap: 'inline',
    sourcesContent: false,
  }
  return transformSync(readFileSync(file, 'utf8'), { ...options, sourcefile: file }).code
}
