/**
 * Says whether this version can be published, and what is missing: `npm run release`. It publishes nothing.
 * Without values that only the owner knows it refuses, and says which.
 */

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const NEEDED = {
  repository:
    'the address of the public repository: npm shows the pictures and links of README from there',
  homepage: 'where a reader should begin',
  bugs: 'where a fault is reported',
}

/** What keeps a package with this changelog from being published. */
export function missing({ version, ...fields }, changelog) {
  const wanting = Object.entries(NEEDED).filter(([name]) => !fields[name])
  const lines = wanting.map(([name, why]) => `package.json has no "${name}": ${why}`)
  const [, heading = ''] = /^## (.*)$/m.exec(changelog) ?? []
  if (!new RegExp(`^${version.replaceAll('.', '\\.')} \\(\\d{4}-\\d\\d-\\d\\d\\)$`).test(heading)) {
    lines.push(`CHANGELOG.md begins with "${heading}", not with "${version} (its date)"`)
  }
  return lines
}

function run(command, ...args) {
  console.log(`\n== ${command} ${args.join(' ')}`)
  execFileSync(command, args, { cwd: ROOT, stdio: 'inherit' })
}

function main() {
  const read = (file) => readFileSync(join(ROOT, file), 'utf8')
  const lines = missing(JSON.parse(read('package.json')), read('CHANGELOG.md'))
  if (lines.length > 0) {
    console.error(`Not ready to be published:\n${lines.map((line) => `- ${line}`).join('\n')}`)
    process.exitCode = 1
    return
  }
  run('npm', 'run', 'lint:package')
  run('npm', 'run', 'test:package')
  run('npm', 'publish', '--dry-run')
  console.log('\nReady: publish with the workflow, or with `npm publish`.')
}

if (process.argv[1] === import.meta.filename) main()
