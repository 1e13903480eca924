/** What whoever runs the shop sees of its store: a page, and metrics for Prometheus. */

import { type Request, type Response, Router } from 'express'
import type { Lembro } from 'lembro'
import { collectMetrics } from 'lembro/metrics'
import { monitor } from 'lembro/monitor'
import { Registry } from 'prom-client'

const LOOPBACK = /^(127\.0\.0\.1|::1|::ffff:127\.0\.0\.1)$/
const LOCAL_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/

/**
 * `/sessions` and `/metrics`, for whoever sits at this computer. A shop on the internet asks for a
 * session of one of its operators instead.
 */
export function operatorRoutes(store: Lembro): Router {
  const register = new Registry()
  collectMetrics(store, { register, name: 'shop' })
  const router = Router()
  router.use('/sessions', monitor(store, { authorize: isLocal, name: 'the shop' }))
  router.get('/metrics', async (req: Request, res: Response) => {
    if (!isLocal(req)) return void res.sendStatus(403)
    res.type(register.contentType).send(await register.metrics())
  })
  return router
}

// The name too: else a page of another site, whose name leads to this computer, could read it.
function isLocal(req: Request): boolean {
  return LOOPBACK.test(req.socket.remoteAddress ?? '') && LOCAL_HOST.test(req.headers.host ?? '')
}
