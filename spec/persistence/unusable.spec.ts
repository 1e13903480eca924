/** Of a file that can't be used: what `ready` hears then. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { newFolder, newSaveFile } from '../support/folder'
import { open } from '../support/saving'

/** Node has had the flag under another name. */
const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission'

describe('a file that can not be used', () => {
  const folder = newFolder()
  const file = path.join(folder, 'file')
  fs.writeFileSync(file, '')
  const told: Record<string, [string, string, RegExp]> = {
    'whose folder is not there': [path.join(folder, 'none/x'), 'ENOENT', /folder does not exist/],
    'whose folder is a file': [path.join(file, 'x'), 'ENOTDIR', /folder is a file/],
    'that is a folder': [folder, 'EISDIR', /it is a folder/],
    'in a folder that is there, and takes none': ['/proc/x', 'EACCES', /has no right to/],
  }
  for (const [which, [saveFile, code, words]] of Object.entries(told)) {
    it(`is said at ready, and the store serves from memory: one ${which}`, async () => {
      const { store, error } = await open({ saveFile })
      assert.equal(error?.code, code)
      assert.match(String(error), words)
      assert.match(String(error), /sessions are not saved$/)
      await store.set('a', { cookie: {} } as never)
      assert.equal(await store.length(), 1)
      await store.close().catch(() => {})
    })
  }

  it('since no worker may be started is said at ready, with what is missing', () => {
    const source = `
      const { Lembro } = require('./dist')
      const store = new Lembro({ saveFile: process.env.FILE }, ({ code, message }) => {
        console.log(code, message)
        process.exit()
      })
      store.on('error', () => {})`
    const flags = [PERMISSION, '--allow-fs-read=*', '--allow-fs-write=*']
    const env = { ...process.env, NODE_OPTIONS: '', FILE: newSaveFile() }
    const out = execFileSync(process.execPath, [...flags, '-e', source], { encoding: 'utf8', env })
    assert.match(out, /^ERR_ACCESS_DENIED saveFile: can't use .*; sessions are not saved\n$/)
  })
})
