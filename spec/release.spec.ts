/** What keeps a version from being published, and that README is whole where npm shows it. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { Markdown } from './support/markdown'

const changelog = '# Changelog\n\n## 1.2.3 (2026-01-02)\n'
const whole = {
  ...{ version: '1.2.3', repository: 'github:somebody/lembro', homepage: 'https://a.example' },
  bugs: 'https://a.example/bugs',
}

async function missing(fields: object, text = changelog): Promise<string[]> {
  const module = await import(pathToFileURL('scripts/release.mjs').href)
  return module.missing(fields, text)
}

describe('a release', () => {
  it('lacks nothing that has its addresses and its date', async () => {
    assert.deepEqual(await missing(whole), [])
  })

  it('is told of each address that is missing', async () => {
    for (const name of ['repository', 'homepage', 'bugs']) {
      const [line, ...others] = await missing({ ...whole, [name]: undefined })
      assert.match(`${line}`, RegExp(`^package.json has no "${name}": `))
      assert.deepEqual(others, [])
    }
  })

  it('is told of a changelog that begins with another version, or with no date', async () => {
    for (const heading of ['Unreleased', '1.2.2 (2026-01-02)', '1.2.3']) {
      const [line] = await missing(whole, changelog.replace('1.2.3 (2026-01-02)', heading))
      assert.match(`${line}`, /^CHANGELOG.md begins with/)
    }
  })

  it('lacks of this version nothing but what its owner has to say', () => {
    const { status, stderr } = spawnSync('node', ['scripts/release.mjs'], { encoding: 'utf8' })
    assert.equal(status, 1)
    const lines = stderr.trim().split('\n').slice(1)
    for (const line of lines)
      assert.match(line, /^- package.json has no "(repository|homepage|bugs)"/)
  })

  it('has a README whose links and pictures npm can find in the repository', () => {
    const readme = new Markdown('README.md')
    // npm looks for them below the repository: relative, and without a way out of it.
    const relative = readme.links.filter((link) => !/^https?:/.test(link))
    const pictures = [...readme.text.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map(
      ([, file]) => file ?? '',
    )
    assert(relative.length > 10 && pictures.length === 2)
    for (const link of [...relative, ...pictures]) {
      const { pathname } = new URL(link, 'https://git.example/somebody/lembro/blob/HEAD/')
      const file = pathname.replace('/somebody/lembro/blob/HEAD/', '')
      assert(fs.existsSync(file), `${link} leads to ${pathname}`)
    }
  })
})
