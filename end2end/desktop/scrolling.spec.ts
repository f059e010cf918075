import { past } from '../support/api.ts'
import { expectMarked, idsShown, mark, open, row, rows } from '../support/page.ts'
import { expect, test } from '../support/test.ts'

test('scrolling through 500 runs shows each once, in order, with few rows in the document', async ({ page, api }) => {
  const ids = await api.batch(
    Array.from({ length: 500 }, (_, i) => past(5 + i, { agent_name: 'build', message: `Build ${i}` })),
  )
  await open(page, '/executions')
  await page.mouse.move(700, 700)

  const seen = new Set<string>()
  let most = 0
  await expect(async () => {
    const shown = await idsShown(page)
    expect(new Set(shown).size, 'no run twice').toBe(shown.length)
    const from = ids.indexOf(shown[0])
    expect(shown).toEqual(ids.slice(from, from + shown.length))
    for (const id of shown) seen.add(id)
    most = Math.max(most, shown.length)
    await page.mouse.wheel(0, 700)
    await expect(page.getByText('End of history')).toBeInViewport({ timeout: 1 })
  }).toPass({ intervals: [50], timeout: 30_000 })
  for (const id of await idsShown(page)) seen.add(id)

  expect(seen.size).toBe(500)
  expect(most).toBeLessThanOrEqual(150)
  await expect(rows(page).last()).toContainText('Build 499')
})

test('rows that stay are not touched when others come in above or below', async ({ page, api }) => {
  await api.batch(Array.from({ length: 200 }, (_, i) => past(60 + i, { agent_name: 'build', message: `Build ${i}` })))
  await open(page, '/executions')
  await page.evaluate(() => window.scrollTo(0, 3_000))
  await expect(row(page, (await idsShown(page))[0])).not.toContainText('Build 0')
  const focused = rows(page).nth(20)
  const id = (await focused.getAttribute('data-execution-id')) ?? ''
  await row(page, id).locator('.message').focus()
  await mark(page, id)
  await page.evaluate(() => {
    const counts = { stayed: 0 }
    Object.assign(window, { counts })
    // A row that was moved is taken out and put in again within one change.
    new MutationObserver((changes) => {
      const out = new Set(changes.flatMap(({ removedNodes }) => [...removedNodes]))
      counts.stayed += changes.flatMap(({ addedNodes }) => [...addedNodes]).filter((node) => out.has(node)).length
    }).observe(document.querySelector('.rows ul')!, { childList: true })
  })
  for (const by of [-400, -200, 600, -800, 800, 200]) {
    const [before] = await idsShown(page)
    await page.evaluate((by) => window.scrollBy(0, by), by)
    await expect.poll(async () => (await idsShown(page))[0]).not.toBe(before)
  }
  await expectMarked(page, id)
  await expect(row(page, id).locator('.message')).toBeFocused()
  expect(await page.evaluate(() => (window as unknown as { counts: { stayed: number } }).counts.stayed)).toBe(0)
})

test('lesson 5: an exact multiple of the page size ends with the end, not with more', async ({ page, api }) => {
  await api.batch(Array.from({ length: 100 }, (_, i) => past(5 + i, { agent_name: 'build', message: `Build ${i}` })))
  await open(page, '/executions')
  await page.mouse.move(700, 700)
  await expect(async () => {
    await page.mouse.wheel(0, 3000)
    await expect(page.getByText('End of history')).toBeInViewport({ timeout: 50 })
  }).toPass()
  await expect(rows(page).last()).toContainText('Build 99')
})

test('runs that started at the same moment are all shown', async ({ page, api }) => {
  const started_at = past(5, { agent_name: 'a', message: '' }).started_at
  const ids = await api.batch(
    Array.from({ length: 120 }, (_, i) => ({ ...past(5, { agent_name: 'build', message: `Build ${i}` }), started_at, queued_at: started_at })),
  )
  await open(page, '/executions')
  await page.mouse.move(700, 700)
  const seen = new Set<string>()
  await expect(async () => {
    for (const id of await idsShown(page)) seen.add(id)
    await page.mouse.wheel(0, 600)
    expect(seen.size).toBe(ids.length)
  }).toPass({ intervals: [50] })
})

test('lesson 8: scrolling asks for rows alone, and rows carry no transcripts', async ({ page, api }) => {
  await api.batch(Array.from({ length: 6 }, (_, i) => past(5 + i, { agent_name: 'build', message: 'x'.repeat(1_000_000), response: 'y'.repeat(200_000) })))
  await api.batch(Array.from({ length: 350 }, (_, i) => past(20 + i, { agent_name: 'build', message: `Build ${i}` })))
  await open(page, '/executions')
  const asked: string[] = []
  const sizes: Promise<number>[] = []
  page.on('response', (answer) => {
    const path = new URL(answer.url()).pathname
    if (!path.startsWith('/fn/')) return
    asked.push(path)
    sizes.push(answer.body().then((body) => body.length))
  })
  await page.mouse.move(700, 700)
  await expect(async () => {
    await page.mouse.wheel(0, 1500)
    await expect(page.getByText('End of history')).toBeInViewport({ timeout: 50 })
  }).toPass()
  expect(asked.length).toBeGreaterThanOrEqual(2)
  expect(asked.filter((path) => path !== '/fn/executions'), 'nothing but rows was asked for').toEqual([])
  expect(Math.max(...(await Promise.all(sizes)))).toBeLessThan(200_000)
  expect((await page.content()).length).toBeLessThan(400_000)
})
