/** Of what is loaded with a plain store: the files of lembro and the modules of Node, in a process of its own. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { describe, it } from 'node:test'

/** Files and modules that a script loads in addition to those that express-session had loaded. */
function loadedBy(script: string): { files: string[]; modules: string[] } {
  const source = `
    require('express-session')
    const [files, modules] = [new Set(Object.keys(require.cache)), new Set(process.moduleLoadList)]
    ${script}
    console.log(JSON.stringify({
      files: Object.keys(require.cache).filter((file) => !files.has(file)),
      modules: process.moduleLoadList.filter((name) => !modules.has(name)),
    }))`
  const options = { encoding: 'utf8', env: { PATH: process.env.PATH } } as const
  const { files, modules } = JSON.parse(execFileSync(process.execPath, ['-e', source], options))
  return {
    files: files.map((file: string) => path.relative('.', file)),
    modules: modules
      .map((name: string) => name.replace('NativeModule ', ''))
      .filter((name: string) => !/internal|Binding/.test(name)),
  }
}

const CORE = ['dist/index.js', 'dist/core.js', 'node_modules/sizeomatic/index.js']

describe("require('lembro')", () => {
  it('loads the core, and nothing of files, Redis, metrics, the monitor or debug', () => {
    const { files, modules } = loadedBy("require('./dist')")
    assert.deepEqual(files, CORE)
    assert.deepEqual(modules, ['v8'])
  })

  it('has loaded all that a plain store needs, so that the first request waits for nothing', () => {
    const { files, modules } = loadedBy(`
      const { Lembro } = require('./dist')
      const store = new Lembro({ maxSize: '10K' })
      const data = () => ({ cookie: { originalMaxAge: 60_000 }, user: 'ann' })
      for (let n = 0; n < 50; n++) store.set('s' + n, data())
      store.touch('s49', data())
      store.get('s49')
      store.destroyOwner('ann')
      store.reduce()`)
    assert.deepEqual(files, CORE)
    // Node loads this one itself, when `performance` is first asked for the time.
    assert.deepEqual(
      modules.filter((name) => name !== 'perf_hooks'),
      ['v8'],
    )
  })

  it('leaves what a saveFile needs to the first store that has one', () => {
    const { files } = loadedBy(`
      const { Lembro } = require('./dist')
      new Lembro({ saveFile: '/nowhere/at/all' }).on('error', () => {})`)
    assert.deepEqual(files, [
      ...CORE,
      'dist/persistence/index.js',
      'dist/sqlite.js',
      'dist/persistence/worker-code.js',
    ])
  })
})

describe('the sub-exports', () => {
  const added = (name: string) => loadedBy(`require('./dist/${name}')`).files
  const own = (name: string) =>
    added(name).filter((file) => file.startsWith('dist') && file !== 'dist/core.js')

  for (const name of ['metrics', 'monitor', 'hosts']) {
    it(`load a file of their own and the core: lembro/${name}`, () => {
      assert.deepEqual(own(name), [`dist/${name}/index.js`])
    })
  }

  it('load those of the rooms that they share: lembro/redis and lembro/sqlite', () => {
    assert.deepEqual(own('redis').sort(), ['dist/home.js', 'dist/redis/index.js'])
    assert.deepEqual(own('shared').sort(), [
      'dist/home.js',
      'dist/shared/index.js',
      'dist/sqlite.js',
    ])
  })

  it('share the classes of the core', () => {
    const shown = execFileSync(
      process.execPath,
      [
        '-p',
        `const { Lembro } = require('./dist')
         const { Lembro: OnRedis } = require('./dist/redis')
         Object.getPrototypeOf(Object.getPrototypeOf(OnRedis)) === Object.getPrototypeOf(Lembro)`,
      ],
      { encoding: 'utf8' },
    )
    assert.equal(shown, 'true\n')
  })
})
