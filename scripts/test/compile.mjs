/** Compiles all TypeScript that the specs require, once for all of their processes: see `scripts/typescript.cjs`. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'

const SOURCES = ['lib', 'spec', 'examples'].map((folder) => `${folder}/**/*.ts`)

export async function compile() {
  const outdir = mkdtempSync(join(tmpdir(), 'lembro-specs-'))
  process.once('exit', () => rmSync(outdir, { recursive: true, force: true }))
  await build({
    ...{ entryPoints: SOURCES, outdir, outbase: '.' },
    ...{
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      sourcemap: 'inline',
      sourcesContent: false,
    },
  })
  process.env.LEMBRO_COMPILED = outdir
}
