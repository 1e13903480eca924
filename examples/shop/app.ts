/** The shop as an Express application: its routes, over the sessions in a store. It does not listen. */

import { join } from 'node:path'
import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import session from 'express-session'
import type { Lembro } from 'lembro'
import { browserName } from './browser'
import { counted } from './figures'
import { add, remove } from './goods'
import { errorPage, shopPage } from './pages'
import { destroy, otherSessions, regenerate } from './session'

const COOKIE = 'shop.sid'
const LONGEST_NAME = 40
// No script at all, so that a forgotten escape can do little.
const POLICY =
  "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; frame-ancestors 'none'"

/** The shop, its sessions in this store, their cookies signed with this secret. */
export function createApp(store: Lembro, secret: string): Express {
  const app = express()
  app.disable('x-powered-by')
  app.use(secure)
  // Before the sessions: a stylesheet needs none.
  app.get('/shop.css', (_req, res) => res.sendFile(join(__dirname, 'shop.css')))
  app.use(
    session({
      store,
      name: COOKIE,
      secret,
      resave: false,
      saveUninitialized: false,
      // A shop on the internet also sets `secure: true`, for cookies over HTTPS only.
      cookie: { httpOnly: true, sameSite: 'lax' },
    }),
  )
  app.use(express.urlencoded({ extended: false, limit: '4kb' }))
  app.get('/', showShop(store))
  app.post('/cart/add', addToCart)
  app.post('/cart/remove', removeFromCart)
  app.post('/sign-in', signIn)
  app.post('/sign-out', signOut)
  app.post('/sign-out-elsewhere', signOutElsewhere(store))
  app.use((_req, res) => sendError(res, 404, 'There is no such page.'))
  app.use(reportError)
  return app
}

function secure(_req: Request, res: Response, next: NextFunction): void {
  res.set('Content-Security-Policy', POLICY)
  // A page shows one person's session: after signing out, "back" must not show it again.
  res.set('Cache-Control', 'no-store')
  next()
}

function showShop(store: Lembro) {
  return async (req: Request, res: Response) => {
    const { notice, visits = 0, cart = {}, userId } = req.session
    req.session.visits = visits + 1
    delete req.session.notice
    const others = await otherSessions(store, req)
    const stats = store.stats()
    res.send(shopPage({ visits: visits + 1, cart, userId, notice, others, stats }))
  }
}

function addToCart(req: Request, res: Response): void {
  req.session.cart = add(req.session.cart ?? {}, field(req, 'good'))
  goHome(res)
}

function removeFromCart(req: Request, res: Response): void {
  req.session.cart = remove(req.session.cart ?? {}, field(req, 'good'))
  goHome(res)
}

async function signIn(req: Request, res: Response): Promise<void> {
  const name = field(req, 'name').trim().replace(/\s+/g, ' ').slice(0, LONGEST_NAME)
  if (name === '') {
    req.session.notice = 'Please enter a name.'
    return goHome(res)
  }
  const { visits = 0, cart = {} } = req.session
  await regenerate(req)
  const browser = browserName(req.get('user-agent'))
  Object.assign(req.session, { visits, cart, userId: name, signedInAt: Date.now(), browser })
  goHome(res)
}

async function signOut(req: Request, res: Response): Promise<void> {
  await destroy(req)
  res.clearCookie(COOKIE)
  goHome(res)
}

function signOutElsewhere(store: Lembro) {
  return async (req: Request, res: Response) => {
    const { userId } = req.session
    if (userId !== undefined) {
      const ended = await store.destroyOwner(userId, { except: req.sessionID })
      req.session.notice = `Signed out of ${counted(ended, 'other session')}.`
    }
    goHome(res)
  }
}

// 303: the browser comes back with a GET, and reloading the page sends no form again.
function goHome(res: Response): void {
  res.redirect(303, '/')
}

function field(req: Request, name: string): string {
  const body: unknown = req.body
  const value = (body as Record<string, unknown> | undefined)?.[name]
  return typeof value === 'string' ? value : ''
}

// Express knows an error handler by its four parameters.
function reportError(error: unknown, _req: Request, res: Response, next: NextFunction): void {
  if (res.headersSent) {
    next(error)
    return
  }
  const { status = 500 } = Object(error) as { status?: number }
  if (status >= 500) console.error(error)
  sendError(res, status, status < 500 ? 'That was not understood.' : 'Something went wrong here.')
}

function sendError(res: Response, status: number, message: string): void {
  res.status(status).send(errorPage(message))
}
