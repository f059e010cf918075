// What a reader's browser sees, for `make bench`. Prints one line of JSON.
//   node browser.mjs live URL COOKIE       how old each change is when a row shows it, until standard input ends
//   node browser.mjs scroll URL COOKIE CSS  frames a second and long tasks while that element is scrolled for 5 s;
//                                           without a cookie, a page that is none of Runboard's
//   node browser.mjs storm URL COOKIE N     loads N rows, then says "ready" and scrolls until standard input ends;
//                                           the same without a cookie

import { readFileSync } from 'node:fs'
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

/** Runs in the page: scrolls to the end until so many rows are loaded or there are no more. */
async function load(wanted) {
  const box = document.scrollingElement
  const loaded = () => Math.round(box.scrollHeight / 48)
  let still = 0
  while (loaded() < wanted && still < 300) {
    const before = box.scrollHeight
    box.scrollTop = before
    await new Promise((next) => setTimeout(next, 10))
    still = box.scrollHeight === before ? still + 1 : 0
  }
  return loaded()
}

/** Runs in the page: scrolls about until told to stop. */
async function storm() {
  const box = document.scrollingElement
  const tasks = []
  new PerformanceObserver((list) => tasks.push(...list.getEntries().map((task) => task.duration))).observe({ type: 'longtask' })
  const begun = performance.now()
  let frames = 0
  let nodes = 0
  let step = 120
  while (!window.enough) {
    const before = box.scrollTop
    box.scrollTop += step
    // Up to the changing rows and a stretch down again.
    if (box.scrollTop === before || box.scrollTop > 60_000) step = -step
    await new Promise(requestAnimationFrame)
    frames += 1
    nodes = Math.max(nodes, document.querySelectorAll('[data-execution-id]').length)
  }
  tasks.sort((a, b) => b - a)
  return { fps: (frames * 1000) / (performance.now() - begun), longest: tasks[0] ?? 0, tasks: tasks.length, nodes }
}

/** What the page's process holds, in MiB. */
async function memory() {
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  const held = processInfo.filter((p) => p.type === 'renderer').map((p) => {
    const line = readFileSync(`/proc/${p.id}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)
    return line ? Number(line[1]) / 1024 : 0
  })
  return Math.max(...held)
}

if (what === 'storm') {
  const loaded = await page.evaluate(load, Number(scroller))
  await page.evaluate(() => window.scrollTo(0, 0))
  const before = await memory()
  console.log('ready')
  const seen = page.evaluate(storm)
  process.stdin.resume()
  await new Promise((end) => process.stdin.once('end', end))
  await page.evaluate(() => (window.enough = true))
  console.log(JSON.stringify({ ...(await seen), loaded, before, after: await memory() }))
} else if (what === 'live') {
  await page.evaluate(observe)
  console.log('ready')
  process.stdin.resume()
  await new Promise((end) => process.stdin.once('end', end))
  console.log(JSON.stringify(await page.evaluate(() => window.latencies.map(Math.round))))
} else {
  console.log(JSON.stringify(await page.evaluate(scroll, scroller)))
}
await browser.close()
