/** The documents: their code runs, their commands exist, and their links lead somewhere. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { USAGE } from '../examples/shop/arguments'
import { scripts } from '../package.json'
import { Markdown } from './support/markdown'
import { Snippets } from './support/snippets'

const PAGES = fs.readdirSync('docs').filter((name) => name.endsWith('.md'))
const README = new Markdown('README.md')
const CONTRIBUTING = new Markdown('CONTRIBUTING.md')
const DOCS = PAGES.map((name) => new Markdown(path.join('docs', name)))
const PAPERS = ['CHANGELOG.md', 'SECURITY.md'].map((file) => new Markdown(file))
const ALL = [README, CONTRIBUTING, ...DOCS, ...PAPERS]

const blocks = ALL.flatMap((document) => document.blocks)
const programs = blocks.filter(({ language }) => ['js', 'ts'].includes(language))
const snippets = new Snippets(programs)
after(() => snippets.remove())

describe('the code in the documents', () => {
  it('is in languages that are checked here, or none', () => {
    const known = ['js', 'ts', 'sh', 'json', 'text', '']
    const unknown = blocks.filter(({ language }) => !known.includes(language))
    assert.deepEqual(
      unknown.map(({ file, line }) => `${file}:${line}`),
      [],
    )
    for (const { language, code } of blocks) if (language === 'json') JSON.parse(code)
  })

  it('compiles against the built package', () => {
    assert.equal(snippets.compile(), '')
  })

  for (const block of programs.filter(({ language }) => language === 'js')) {
    it(`runs: ${block.file}:${block.line}`, () => snippets.run(block))
  }

  it('runs as the README has it, and counts the visits of a session', async (t) => {
    const first = README.blocks.find(({ code }) => code.includes('app.listen'))
    assert(first !== undefined)
    const { child, port } = await snippets.serve(first)
    t.after(() => child.kill())
    const url = `http://127.0.0.1:${port}/`
    const answer = await fetch(url)
    const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
    assert.match(await answer.text(), /^Visit 1\./)
    assert.match(await (await fetch(url, { headers: { cookie } })).text(), /^Visit 2\./)
  })
})

describe('the commands in the documents', () => {
  const lines = blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(({ code }) => code.split('\n'))
    .concat(ALL.flatMap(({ codeSpans }) => codeSpans).filter((span) => span.startsWith('npm ')))
  const commands = lines
    .map((line) => line.replace(/ #.*/, '').trim())
    .flatMap((line) => line.split(' && '))
    .filter((command) => command !== '')

  it('are commands of npm and node', () => {
    const other = commands.filter((command) => !/^(npm|node) /.test(command))
    assert.deepEqual(other, [])
  })

  it('name scripts of the package, and options that the example has', () => {
    for (const command of commands) {
      const [, verb = '', rest = ''] = /^npm (?:run )?(\S+)(.*)$/.exec(command) ?? []
      if (verb === '' || ['install', 'ci', 'pack', 'publish'].includes(verb)) continue
      assert(Object.hasOwn(scripts, verb), `${command}: there is no script '${verb}'`)
      if (verb !== 'start') continue
      for (const option of rest.match(/--[a-z][\w-]*/g) ?? []) assert.match(USAGE, RegExp(option))
    }
  })
})

describe('the links in the documents', () => {
  for (const { file, links } of ALL) {
    it(`lead somewhere: ${file}`, () => {
      for (const link of links.filter((each) => !/^https?:/.test(each))) {
        const [name = '', anchor] = link.split('#')
        const target = name === '' ? file : path.join(path.dirname(file), name)
        assert(fs.existsSync(target), `${file} links to ${link}, which is not there`)
        if (anchor === undefined) continue
        const { anchors } = new Markdown(target)
        assert(anchors.has(anchor), `${file} links to ${link}, which has no such heading`)
      }
    })
  }
})
