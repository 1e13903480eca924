/** Types of Koa, as far as specs need them: those of DefinitelyTyped do not compile beside content-disposition 2. */

declare module 'koa' {
  import type { RequestListener, Server } from 'node:http'

  interface Context {
    readonly path: string
    body: unknown
    session: { regenerate(): Promise<void> } | null
  }

  class Koa {
    keys: string[]
    use(middleware: (ctx: Context, next: () => Promise<void>) => Promise<void>): this
    callback(): RequestListener
    listen(port: number): Server
  }

  export = Koa
}
