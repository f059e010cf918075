import type { Page } from '@playwright/test'
import { past, type Run } from '../support/api.ts'
import { chip, filter, open, row, rows } from '../support/page.ts'
import { expect, test } from '../support/test.ts'

/** 30 runs of the last 20 hours: 12 failed, 18 successful, by two agents. */
const history = (): Run[] =>
  Array.from({ length: 30 }, (_, i) =>
    past(10 + i * 40, {
      agent_name: i % 3 === 0 ? 'invoices' : 'researcher',
      message: `Run ${i}`,
      triggered_by: i % 2 === 0 ? 'schedule' : 'api',
      status: i % 5 < 2 ? 'failed' : 'success',
      cost: 0.5,
    }),
  )

const card = (page: Page, name: string) => page.locator('.card').filter({ has: page.getByText(name, { exact: true }) })
const value = async (page: Page, name: string) => Number((await card(page, name).locator('.card-value').innerText()).replace(/,/g, ''))
const bars = (page: Page) => page.locator('.bar')
const runsOf = (label: string | null) => Number(label?.match(/: ([\d,]+) runs?/)?.[1].replace(/,/g, '') ?? NaN)

/** The counts of all bars, from the names that screen readers hear. */
const counts = async (page: Page) =>
  (await bars(page).evaluateAll((nodes) => nodes.map((n) => n.getAttribute('aria-label')))).map(runsOf)

test('lesson 2: cards, bars, facets and rows are of the same runs', async ({ page, api }) => {
  await api.batch(history())
  await open(page, '/executions?status=failed')
  await expect(rows(page)).toHaveCount(12)
  await expect.poll(() => value(page, 'Total')).toBe(12)
  expect((await counts(page)).reduce((a, b) => a + b, 0)).toBe(12)
  // The facet leaves out its own filter and obeys the others.
  await filter(page, 'Status').click()
  await expect(page.locator('.option').filter({ hasText: 'Success' }).locator('.runs')).toHaveText('18')
  await expect(page.locator('.option').filter({ hasText: 'Failed' }).locator('.runs')).toHaveText('12')
  await expect(page.locator('.option').filter({ hasText: 'Paused' }).locator('.runs')).toHaveText('0')
  await page.keyboard.press('Escape')
  await filter(page, 'Agent').click()
  const invoices = page.locator('.option').filter({ hasText: 'invoices' })
  const told = Number(await invoices.locator('.runs').innerText())
  await invoices.hover()
  await invoices.getByRole('button', { name: 'Only invoices' }).click()
  await page.keyboard.press('Escape')
  await expect(rows(page)).toHaveCount(told)
  await expect.poll(() => value(page, 'Total')).toBe(told)
})

test('a number leads to exactly its rows', async ({ page, api }) => {
  await api.batch(history())
  await api.start('researcher', 'Going on')
  await open(page, '/executions')
  await expect(rows(page)).toHaveCount(31)
  await card(page, 'Failed').getByRole('link', { name: 'Failed' }).click()
  await expect(page).toHaveURL(/status=failed/)
  await expect(rows(page)).toHaveCount(12)
  await page.goto('/executions?status=running,failed')
  await expect(rows(page)).toHaveCount(13)
  await card(page, 'Active').getByRole('link', { name: '1 running' }).click()
  await expect(rows(page)).toHaveCount(1)
})

test('a bar leads to the runs that started in it, and the chip takes it back', async ({ page, api }) => {
  await api.batch(history())
  const old = await api.create({ ...past(60 * 50, { agent_name: 'researcher', message: 'For two days now' }), status: 'running', completed_at: undefined })
  await open(page, '/executions')
  await expect(rows(page)).toHaveCount(31)
  await expect(page.locator('.timeline .beside')).toContainText('1 unfinished run')
  const all = await counts(page)
  expect(all.reduce((a, b) => a + b, 0)).toBe(30)
  const fullest = all.indexOf(Math.max(...all))
  await bars(page).nth(fullest).click()
  await expect(rows(page)).toHaveCount(all[fullest])
  await expect(row(page, old.id)).toHaveCount(0)
  await expect(page).toHaveURL(/from=.*to=.*unfinished=false/)
  await page.reload()
  await expect(rows(page)).toHaveCount(all[fullest])
  await chip(page, 'started in this time only').getByRole('link').click()
  await expect(rows(page)).toHaveCount(all[fullest] + 1)
  await page.getByRole('link', { name: 'Clear filters' }).click()
  await expect(rows(page)).toHaveCount(31)
})

test('dragging over bars zooms, and Escape lets go of the choice', async ({ page, api }) => {
  await api.batch(history())
  await open(page, '/executions')
  await expect(rows(page)).toHaveCount(30)
  const all = await counts(page)
  const last = all.length - 1
  const at = async (i: number) => {
    const box = await bars(page).nth(i).boundingBox()
    return [box!.x + box!.width / 2, box!.y + box!.height / 2] as const
  }
  await page.mouse.move(...(await at(last - 10)))
  await page.mouse.down()
  await page.mouse.move(...(await at(last)), { steps: 5 })
  await expect(page.locator('.bars .chosen')).toBeVisible()
  await page.mouse.up()
  await expect(page).toHaveURL(/from=/)
  const wanted = all.slice(last - 10).reduce((a, b) => a + b, 0)
  await expect(rows(page)).toHaveCount(wanted)
  expect((await counts(page)).reduce((a, b) => a + b, 0)).toBe(wanted)

  await page.getByRole('link', { name: 'Clear filters' }).click()
  await expect(rows(page)).toHaveCount(30)
  await bars(page).nth(last).focus()
  await page.keyboard.press('Shift+ArrowLeft')
  await page.keyboard.press('Shift+ArrowLeft')
  await expect(page.locator('.bars .chosen')).toBeVisible()
  await expect(bars(page).nth(last - 2)).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(page.locator('.bars .chosen')).toHaveCount(0)
  await page.keyboard.press('Shift+ArrowRight')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/from=/)
})

test('the bars are also a table', async ({ page, api }) => {
  await api.batch(history())
  await open(page, '/executions')
  await page.getByText('Show as a table').click()
  const cells = page.locator('.as-table tbody tr td:nth-child(2)')
  const sum = (await cells.allInnerTexts()).map(Number).reduce((a, b) => a + b, 0)
  expect(sum).toBe(30)
})

test('numbers follow the live flow within five seconds, and scrolling asks for none', async ({ page, api }) => {
  await api.batch(Array.from({ length: 170 }, (_, i) => past(10 + i, { agent_name: 'many', message: `Run ${i}` })))
  await open(page, '/executions')
  await expect.poll(() => value(page, 'Total')).toBe(170)
  const asked: string[] = []
  page.on('request', (request) => {
    if (/\/fn\/(numbers|first_page|counts)/.test(request.url())) asked.push(request.url())
  })
  // Lesson 8: pages of rows bring no new statistics.
  await expect(async () => {
    await page.mouse.wheel(0, 3_000)
    await expect(page.getByText('End of history')).toBeVisible({ timeout: 200 })
  }).toPass()
  expect(asked).toEqual([])
  await api.start('many', 'One more')
  await expect.poll(() => value(page, 'Total'), { timeout: 9_000 }).toBe(171)
})

test('nothing matches: each way out says how many runs it gives back', async ({ page, api }) => {
  await api.batch(history())
  await open(page, '/executions?status=failed&agent=invoices&trigger=mcp')
  await expect(page.getByText('No run matches these filters')).toBeVisible()
  const out = page.getByRole('link', { name: /Without trigger: mcp/ })
  const told = Number(await out.locator('.runs').evaluate((node) => node.firstChild?.textContent))
  expect(told).toBeGreaterThan(0)
  await out.click()
  await expect(rows(page)).toHaveCount(told)
  // The same when a filter is set on the page.
  await filter(page, 'Trigger').click()
  await page.getByRole('button', { name: 'Only cli' }).click()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('link', { name: /Without trigger: cli/ }).locator('.runs')).toContainText(String(told))
})
