/** The pages of the shop, as HTML. */

import type { LembroStats } from 'lembro'
import { counted, percent, readable } from './figures'
import { type Cart, GOODS, type Good, type Line, linesOf, totalOf } from './goods'
import { Html, html } from './html'
import type { OtherSession, OtherSessions } from './session'

/** What the shop's one page shows. */
export interface ShopView {
  readonly visits: number
  readonly cart: Cart
  readonly userId: string | undefined
  readonly notice: string | undefined
  readonly others: OtherSessions
  readonly stats: LembroStats
}

export function shopPage(view: ShopView): string {
  const { visits, cart, userId, notice, others, stats } = view
  return page(
    html`
    ${notice === undefined ? undefined : html`<p class="notice">${notice}</p>`}
    <p class="visits">${greeting(userId)} ${visitText(visits)}</p>
    <div class="columns">
      <section class="shelf">
        <h2>Things to remember by</h2>
        <ul class="goods">${GOODS.map(goodCard)}</ul>
      </section>
      <aside>
        ${cartSection(linesOf(cart))}
        ${userId === undefined ? signInSection() : memberSection(userId, others)}
      </aside>
    </div>
  `,
    budgetBar(stats),
  )
}

export function errorPage(message: string): string {
  return page(html`<p class="notice">${message}</p><p><a href="/">Back to the shop</a></p>`)
}

/** The store's budget as it is now: the page in the browser fetches it again and again. */
export function budgetBar({ sessions, owned, bytes, maxBytes, evicted }: LembroStats): Html {
  const held = `${readable(bytes)} of ${readable(maxBytes)} (${percent(bytes, maxBytes)})`
  return html`
    <dl class="budget">
      <div class="held">
        <dt>Session store</dt>
        <dd><progress max="${maxBytes}" value="${bytes}" aria-hidden="true"></progress>${held}</dd>
      </div>
      <div><dt>Sessions</dt><dd>${sessions}, ${owned} signed in</dd></div>
      <div><dt>Evicted to make room</dt><dd>${counted(evicted.anonymous, 'stranger')}, ${counted(evicted.owned, 'member')}</dd></div>
    </dl>`
}

function page(content: Html, budget?: Html): string {
  return html`${new Html('<!doctype html>')}
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>The Lembro Shop</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/shop.css">
    <script type="module" src="/page.js"></script>
  </head>
  <body>
    <header>
      <h1><a href="/">The Lembro Shop</a></h1>
      ${budget}
      <p class="quiet"><a href="/sessions/">Watch the session store</a></p>
    </header>
    <main>${content}</main>
    <p id="announcer" class="visually-hidden" role="status"></p>
  </body>
</html>
`.text
}

function greeting(userId: string | undefined): Html {
  return userId === undefined ? html`Welcome.` : html`Welcome, <strong>${userId}</strong>.`
}

function visitText(visits: number): string {
  return visits === 1 ? 'This is your first visit.' : `This is your visit number ${visits}.`
}

function goodCard(good: Good): Html {
  return html`
    <li>
      <h3>${good.name}</h3>
      <p>${good.about}</p>
      <div class="buy">
        <span>${price(good.cents)}</span>
        ${addButton(good)}
      </div>
    </li>`
}

function cartSection(lines: Line[]): Html {
  if (lines.length === 0) {
    return html`<section><h2 id="cart" tabindex="-1">Your cart</h2><p class="quiet">Nothing in it yet.</p></section>`
  }
  return html`
    <section>
      <h2 id="cart" tabindex="-1">Your cart</h2>
      <ul class="lines">${lines.map(cartLine)}</ul>
      <p class="total"><span>Total</span> <span>${price(totalOf(lines))}</span></p>
    </section>`
}

function cartLine({ good, count }: Line): Html {
  return html`
    <li>
      <span>${count} × ${good.name}</span>
      <span>${price(good.cents * count)}</span>
      ${removeButton(good)}
    </li>`
}

function signInSection(): Html {
  return html`
    <section>
      <h2 tabindex="-1">Sign in</h2>
      <form method="post" action="/sign-in" class="sign-in">
        <label for="name">Your name</label>
        <input id="name" name="name" required maxlength="40" autocomplete="username">
        <button id="sign-in">Sign in</button>
      </form>
      <p class="quiet">Any name will do: this is an example and asks for no password.</p>
    </section>`
}

function memberSection(userId: string, others: OtherSessions): Html {
  return html`
    <section>
      <h2 tabindex="-1">Signed in as ${userId}</h2>
      ${button('sign-out', 'Sign out')}
      <h3>Your other sessions</h3>
      ${others.count === 0 ? html`<p class="quiet">None: only this one.</p>` : otherList(others)}
    </section>`
}

function otherList({ count, newest }: OtherSessions): Html {
  const more = count - newest.length
  return html`
    <ul class="others">${newest.map(otherItem)}</ul>
    ${more > 0 ? html`<p class="quiet">and ${more} more</p>` : undefined}
    ${button('sign-out-elsewhere', 'Sign out everywhere else')}`
}

function otherItem({ browser, signedInAt }: OtherSession): Html {
  return html`<li>${browser}, <span class="quiet">signed in ${ago(signedInAt)}</span></li>`
}

// The name of the good is beside the button for the eye, and in it for the ear.
function addButton({ id, name }: Good): Html {
  return html`
    <form method="post" action="/cart/add">
      <input type="hidden" name="good" value="${id}">
      <button id="add-${id}" aria-label="Add to cart: ${name}">Add to cart</button>
    </form>`
}

function removeButton({ id, name }: Good): Html {
  return html`
    <form method="post" action="/cart/remove">
      <input type="hidden" name="good" value="${id}">
      <button id="remove-${id}" aria-label="Remove one: ${name}">Remove one</button>
    </form>`
}

function button(action: string, label: string): Html {
  return html`<form method="post" action="/${action}"><button id="${action}">${label}</button></form>`
}

function price(cents: number): string {
  return `€${(cents / 100).toFixed(2)}`
}

function ago(instant: number): string {
  const minutes = Math.floor((Date.now() - instant) / 60_000)
  if (minutes < 1) return 'just now'
  if (minutes < 60) return `${minutes} min ago`
  return `${Math.floor(minutes / 60)} h ago`
}
