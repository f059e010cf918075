import { past } from '../support/api.ts'
import { chip, choose, idsShown, open, row, rows, search } from '../support/page.ts'
import { expect, test } from '../support/test.ts'

const runs = () => [
  past(5, { agent_name: 'invoices', message: 'Process invoice 1047', triggered_by: 'schedule' }),
  past(10, { agent_name: 'researcher', message: 'Analyze the market', status: 'failed', error: 'Rate limited' }),
  past(15, { agent_name: 'invoices', message: 'Process invoice 1046', status: 'failed', error: 'No such customer' }),
]

test('lesson 14: a filter is in the address and outlives reload, back and a second tab', async ({ page, context, api }) => {
  const [, , failedInvoice] = await api.batch(runs())
  await open(page, '/executions')
  await expect(rows(page)).toHaveCount(3)

  await choose(page, 'Status', 'Failed')
  await expect(rows(page)).toHaveCount(2)
  await expect(page).toHaveURL(/[?&]status=failed/)
  await choose(page, 'Agent', 'invoices')
  await expect(rows(page)).toHaveCount(1)
  await expect(page).toHaveURL(/[?&]agent=invoices/)
  const address = page.url()

  await page.reload()
  await expect(rows(page)).toHaveCount(1)
  await expect(row(page, failedInvoice)).toBeVisible()

  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Agents' }).first().click()
  await expect(page).toHaveURL(/\/agents$/)
  await page.goBack()
  await expect(page).toHaveURL(address)
  await expect(rows(page)).toHaveCount(1)
  await page.goForward()
  await expect(page).toHaveURL(/\/agents$/)

  const second = await context.newPage()
  await open(second, address)
  expect(await idsShown(second)).toEqual([failedInvoice])
})

test('lesson 14: the last filter comes back and says so', async ({ page, api }) => {
  await api.batch(runs())
  await open(page, '/executions?status=failed')
  await expect(rows(page)).toHaveCount(2)

  await open(page, '/executions')
  await expect(chip(page, /failed/i)).toBeVisible()
  await expect(rows(page)).toHaveCount(2)
  await expect(page).toHaveURL(/status=failed/)

  await page.getByRole('link', { name: 'Clear filters' }).or(page.getByRole('button', { name: 'Clear filters' })).first().click()
  await expect(rows(page)).toHaveCount(3)
  await open(page, '/executions')
  await expect(rows(page)).toHaveCount(3)
  await expect(chip(page, /failed/i)).toHaveCount(0)
})

test('a chip takes its filter away', async ({ page, api }) => {
  await api.batch(runs())
  await open(page, '/executions?status=failed&agent=invoices')
  await expect(rows(page)).toHaveCount(1)
  await chip(page, 'invoices').getByRole('link').click()
  await expect(rows(page)).toHaveCount(2)
  await expect(page).not.toHaveURL(/agent=/)
})

test('search finds text in message and error, in any case and script', async ({ page, api }) => {
  const [, limited] = await api.batch([
    ...runs(),
    past(20, { agent_name: 'support', message: 'ÄRGER mit der Bestellung' }),
  ])
  await open(page, '/executions')
  await search(page).fill('RATE LIM')
  await search(page).press('Enter')
  await expect(rows(page)).toHaveCount(1)
  await expect(row(page, limited)).toBeVisible()
  await expect(page).toHaveURL(/q=RATE%20LIM|q=RATE\+LIM/)

  await search(page).fill('ärger')
  await expect(rows(page)).toHaveCount(1)
  await expect(rows(page)).toContainText('ÄRGER mit der Bestellung')
})

test('the search field opens a run by its id', async ({ page, api }) => {
  const ids = await api.batch(runs())
  await open(page, '/executions')
  await search(page).fill(ids[1])
  await search(page).press('Enter')
  await expect(page).toHaveURL(new RegExp(ids[1]))
  await expect(page.getByText('Rate limited').first()).toBeVisible()
})

test('lesson 4: a late answer to an earlier filter never replaces a newer one', async ({ page, api }) => {
  await api.batch(runs())
  await open(page, '/executions')
  await expect(rows(page)).toHaveCount(3)

  let release = () => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  let asked = () => {}
  const slow = new Promise<void>((resolve) => (asked = resolve))
  await page.route(/\/fn\/(executions|first_page)\?.*market/, async (route) => {
    asked()
    await held
    // The page may have given up on it by now.
    await route.continue().catch(() => {})
  })
  const over = Promise.race([
    page.waitForEvent('requestfinished', (request) => request.url().includes('market')),
    page.waitForEvent('requestfailed', (request) => request.url().includes('market')),
  ])
  await search(page).fill('market')
  await search(page).press('Enter')
  await slow
  await search(page).fill('invoice 1047')
  await search(page).press('Enter')
  await expect(rows(page)).toHaveCount(1)
  await expect(rows(page)).toContainText('Process invoice 1047')

  release()
  await over
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
  await expect(rows(page)).toContainText('Process invoice 1047')
  await expect(search(page)).toHaveValue('invoice 1047')
})

test('sorting is in the address and puts unknown values last', async ({ page, api }) => {
  const [cheap, dear, unknown] = await api.batch([
    past(5, { agent_name: 'a', message: 'cheap', cost: 0.01 }),
    past(6, { agent_name: 'a', message: 'dear', cost: 2 }),
    past(7, { agent_name: 'a', message: 'unknown' }),
  ])
  await open(page, '/executions?sort=-cost')
  expect(await idsShown(page)).toEqual([dear, cheap, unknown])
  await open(page, '/executions?sort=cost')
  expect(await idsShown(page)).toEqual([cheap, dear, unknown])
})
