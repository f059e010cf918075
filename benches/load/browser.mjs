// What a reader's browser sees, for `make bench`. Prints one line of JSON.
//   node browser.mjs live URL COOKIE       how old each change is when a row shows it, until standard input ends
//   node browser.mjs scroll URL COOKIE CSS  frames a second and long tasks while that element is scrolled for 5 s;
//                                           without a cookie, a page that is none of Runboard's

import { chromium } from '@playwright/test'

const [what, url, cookie, scroller] = process.argv.slice(2)
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
})
const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
if (cookie) {
  const [name, ...value] = cookie.split('=')
  await context.addCookies([{ name, value: value.join('='), url: new URL(url).origin }])
}
const page = await context.newPage()
await page.goto(url)
if (cookie) await page.locator('.connection-state', { hasText: 'Live' }).waitFor()

/** Runs in the page: changes carry the microsecond they were sent, which rows show as the step under way. */
function observe() {
  const last = new Map()
  window.latencies = []
  const look = () => {
    for (const row of document.querySelectorAll('[data-execution-id] .why')) {
      const sent = row.textContent.match(/\d{16}/)?.[0]
      const id = row.closest('[data-execution-id]').dataset.executionId
      if (!sent || last.get(id) === sent) continue
      last.set(id, sent)
      window.latencies.push((performance.timeOrigin + performance.now()) * 1000 - Number(sent))
    }
  }
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true })
}

/** Runs in the page: scrolls down and up again, as fast as a hard flick: 7 200 pixels a second at 60 frames. */
async function scroll(css) {
  const box = css === 'page' ? document.scrollingElement : document.querySelector(css)
  const tasks = []
  new PerformanceObserver((list) => tasks.push(...list.getEntries().map((task) => task.duration))).observe({ type: 'longtask' })
  const frame = () => new Promise(requestAnimationFrame)
  const begun = performance.now()
  let frames = 0
  let nodes = 0
  let step = 120
  while (performance.now() - begun < 5000) {
    const before = box.scrollTop
    box.scrollTop += step
    if (box.scrollTop === before) step = -step
    await frame()
    frames += 1
    nodes = Math.max(nodes, document.querySelectorAll('[data-execution-id], .log-line').length)
  }
  return { fps: (frames * 1000) / (performance.now() - begun), longest: Math.max(0, ...tasks), nodes, height: box.scrollHeight }
}

if (what === 'live') {
  await page.evaluate(observe)
  console.log('ready')
  process.stdin.resume()
  await new Promise((end) => process.stdin.once('end', end))
  console.log(JSON.stringify(await page.evaluate(() => window.latencies.map(Math.round))))
} else {
  console.log(JSON.stringify(await page.evaluate(scroll, scroller)))
}
await browser.close()
