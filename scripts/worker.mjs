/** The code of a worker, with all that it imports, as one text. */

import { buildSync } from 'esbuild'

export function workerText(source) {
  const { outputFiles } = buildSync({
    ...{ entryPoints: [source], bundle: true, write: false, platform: 'node', target: 'node20' },
    ...{ format: 'cjs', packages: 'external', legalComments: 'none', minifyWhitespace: true },
  })
  return outputFiles[0].text
}
