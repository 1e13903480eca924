/** What the documents state: the README's figures, and every option, method, figure, code and type by its name. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import { describe, it } from 'node:test'

import { OPTION_NAMES } from '../lib/settings/settings'
import { LembroStore } from '../lib/store'
import { sourcesIn } from './support/covers'
import { newSaveFile } from './support/folder'
import { Markdown } from './support/markdown'
import { open } from './support/saving'

const README = new Markdown('README.md')
const OPTIONS = new Markdown('docs/options.md')
const REDIS_COMMANDS = ['EVAL', 'EXISTS', 'EXPIRE']

describe('the README', () => {
  it('is read in two minutes', () => {
    assert(README.words <= 600, `${README.words} words`)
  })

  it('says how to install it on the first screen', () => {
    assert.match(README.text.split('\n').slice(0, 20).join('\n'), /^npm install lembro/m)
  })

  it('quotes the figures of the report', () => {
    const report = new Markdown('bench/report.md')
    const under = (heading: string) => report.section(`### ${heading}`).rows
    const ofStore = (rows: string[][], column: string) => (store: string) => {
      const index = rows[0]?.indexOf(column) ?? -1
      return rows.find(([name]) => name === store)?.[index]
    }
    const touches = under('Operations: sessions of 10 KB, with owners')
    const touch = touches.find(([name]) => name === 'touch')
    const found: Record<string, (store: string) => string | undefined> = {
      'A touch of 10 KB': (store) => touch?.[touches[0]?.indexOf(store) ?? -1],
      'Stall while 200,000 expire': ofStore(
        under('Stalls: the longest turn of the event loop, 200,000 typical sessions'),
        'everything expires',
      ),
      'Members found in a flood': ofStore(
        under('Floods: who is still known'),
        'visits of members that found the session',
      ),
    }
    const tables = README.section('## Compared').rows
    // The second table, which begins with a row that names nothing but the stores.
    const costs = tables.map(([first]) => first).lastIndexOf('')
    const [stores = [], ...rows] = tables.slice(costs)
    assert(costs > 0 && rows.length === 3)
    for (const [name, figureOf] of Object.entries(found)) {
      const row = rows.find(([first]) => first === name)
      assert(row !== undefined, `the comparison has no row '${name}'`)
      for (const [index, store] of stores.entries()) {
        if (index === 0) continue
        const told: string | undefined = row[index]?.split(',')[0]
        const figure: string | undefined = figureOf(store)?.replace(/\s*\(.*/, '')
        assert.equal(told, figure, `${name}: ${store}`)
      }
    }
  })
})

describe('docs/options.md', () => {
  const namesIn = (cell = '') => [...cell.matchAll(/`([\w.]+)/g)].map(([, name]) => name ?? '')
  const firstCells = (heading: string) =>
    OPTIONS.section(heading).rows.flatMap(([first]) => namesIn(first))

  it('has every option, and none that there is not', () => {
    const told = firstCells('## Options')
    assert.deepEqual([...new Set(told)].sort(), [...OPTION_NAMES].sort())
  })

  it('has every method of a store', () => {
    const spans = OPTIONS.codeSpans.join(' ')
    const prototypes = [LembroStore.prototype]
    const names = prototypes.flatMap((prototype) => Object.getOwnPropertyNames(prototype))
    const untold = names.filter((name) => !RegExp(`\\b${name}\\b`).test(spans))
    assert.deepEqual(
      untold.filter((name) => name !== 'constructor'),
      [],
    )
  })

  it('has every figure of stats(), with a saveFile too', async () => {
    const { store } = await open({ saveFile: newSaveFile() })
    const { save, ...figures } = store.stats()
    await store.close()
    const told = firstCells('## Figures: stats()')
    const untold = [...namesOf(figures), ...namesOf(save ?? {})].filter(
      (name) => !told.includes(name),
    )
    assert.deepEqual(untold, [])
  })

  it('has every code of an error and of a warning', () => {
    const told = OPTIONS.codeSpans
    const sources = sourcesIn('lib').map((file) => fs.readFileSync(file, 'utf8'))
    const codes = sources.flatMap((text) => text.match(/(?<=')(E[A-Z]{5,}|LEMBRO_[A-Z_]+)(?=')/g))
    // Those of the system are Node's; the commands of Redis only look like codes.
    const ours = codes.filter(
      (code) => code !== null && !(code in os.constants.errno || REDIS_COMMANDS.includes(code)),
    )
    assert(ours.includes('ECLOSED') && ours.includes('LEMBRO_FAULT'))
    assert.deepEqual(
      ours.filter((code) => !told.includes(code ?? '')),
      [],
    )
  })
})

describe('docs/typescript.md', () => {
  it('has every type that the package exports', () => {
    const told = new Markdown('docs/typescript.md').section('## Names').codeSpans
    const index = fs.readFileSync('lib/index.ts', 'utf8')
    const types = [...index.matchAll(/export type (\w+)/g)].map(([, name]) => name ?? '')
    assert(types.length > 5)
    assert.deepEqual(
      types.filter((type) => !told.includes(type)),
      [],
    )
  })
})

/** `sessions` and `evicted.owned`: the names of figures, those in groups behind that of the group. */
function namesOf(figures: object): string[] {
  return Object.entries(figures).flatMap(([name, figure]) =>
    typeof figure === 'object' && figure !== null
      ? Object.keys(figure).map((inner) => `${name}.${inner}`)
      : [name],
  )
}
