/** The page in the browser: forms without a reload, and the budget as it is now. It works without this file. */

const SAMPLE_MS = 1_000

const announcer = document.getElementById('announcer')

/** Sends a form and shows the page that it leads to, in place: the reader stays where they are. */
async function send(form) {
  const pressed = form.querySelector('button')
  const place = topOf(pressed)
  const section = [...document.querySelectorAll('section')].indexOf(form.closest('section'))
  const response = await fetch(form.action, {
    method: 'POST',
    body: new URLSearchParams(new FormData(form)),
  })
  const text = await response.text()
  const page = new DOMParser().parseFromString(text, 'text/html')
  document.querySelector('main').replaceWith(page.querySelector('main'))
  const button = document.getElementById(pressed.id)
  if (button !== null) {
    button.focus({ preventScroll: true })
    scrollBy(0, topOf(button) - place)
  } else {
    // It is gone, as the last one of its line, or with the form to sign in.
    document.querySelectorAll('section')[section]?.querySelector('h2').focus()
  }
  announcer.textContent = document.querySelector('.notice')?.textContent ?? ''
}

function topOf(element) {
  return element.getBoundingClientRect().top
}

document.addEventListener('submit', (event) => {
  event.preventDefault()
  const form = event.target
  send(form).catch(() => form.submit())
})

/** Shows the budget as the server tells it, while somebody looks. */
async function showBudget() {
  if (document.hidden) return
  const response = await fetch('/budget')
  const page = new DOMParser().parseFromString(await response.text(), 'text/html')
  const budget = page.querySelector('.budget')
  if (budget) document.querySelector('.budget')?.replaceWith(budget)
}

setInterval(() => showBudget().catch(() => {}), SAMPLE_MS)
