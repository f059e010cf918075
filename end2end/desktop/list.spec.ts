import { minutesAgo, past } from '../support/api.ts'
import { chip, idsShown, open, row, rows } from '../support/page.ts'
import { expect, test } from '../support/test.ts'

const card = (page: import('@playwright/test').Page, name: string) => page.locator('.card').filter({ hasText: name })

test('the list shows what ran, how it ended and what it cost', async ({ page, api }) => {
  const [done, failed, unpriced] = await api.batch([
    past(5, { agent_name: 'invoices', message: 'Process invoice 1047', cost: 0.02, input_tokens: 12_000, output_tokens: 500 }),
    past(10, { agent_name: 'researcher', message: 'Analyze the market', status: 'failed', error: 'Rate limited' }),
    past(15, { agent_name: 'invoices', message: 'Process invoice 1046' }),
  ])
  await open(page, '/executions')

  expect(await idsShown(page)).toEqual([done, failed, unpriced])
  await expect(row(page, done)).toHaveAttribute('data-status', 'success')
  await expect(row(page, done)).toContainText('Process invoice 1047')
  await expect(row(page, done)).toContainText('$0.02')
  await expect(row(page, done)).toContainText('12.5K')
  await expect(row(page, done)).toContainText('Success')
  await expect(row(page, failed)).toContainText('Rate limited')
  await expect(row(page, failed)).toContainText('Failed')
  await expect(row(page, unpriced)).toContainText('—')
  await expect(row(page, unpriced)).not.toContainText('$0')
})

test('the cards count the same runs as the list', async ({ page, api }) => {
  await api.batch([
    past(5, { agent_name: 'invoices', message: 'one', cost: 0.5 }),
    past(6, { agent_name: 'invoices', message: 'two', cost: 0.25 }),
    past(7, { agent_name: 'researcher', message: 'three', status: 'failed', error: 'No answer' }),
  ])
  await open(page, '/executions')
  await expect(card(page, 'Total')).toContainText('3')
  await expect(card(page, 'Failed')).toContainText('1')
  await expect(card(page, 'Cost')).toContainText('$0.75')

  await open(page, '/executions?agent=researcher')
  await expect(rows(page)).toHaveCount(1)
  await expect(card(page, 'Total')).toContainText('1')
  await expect(card(page, 'Cost')).not.toContainText('$0')
})

test('lesson 14: the time window does not hide an old run that still goes on', async ({ page, api }) => {
  const started_at = minutesAgo(3 * 24 * 60)
  const old = await api.create({ agent_name: 'crawler', message: 'Crawl everything', status: 'running', started_at })
  await api.batch([past(2 * 24 * 60, { agent_name: 'crawler', message: 'Over since two days' })])
  await open(page, '/executions')
  await expect(row(page, old.id)).toHaveAttribute('data-status', 'running')
  await expect(rows(page)).toHaveCount(1)
})

test('an empty installation shows how to send the first run', async ({ page }) => {
  await open(page, '/executions')
  await expect(rows(page)).toHaveCount(0)
  await expect(page.locator('main')).toContainText('runboard exec')
  await expect(page.locator('main')).toContainText('curl')
})

test('where nothing matches, the page names the filter and takes it away', async ({ page, api }) => {
  const [id] = await api.batch([past(5, { agent_name: 'invoices', message: 'Process invoice 1047' })])
  await open(page, '/executions?status=failed')
  await expect(rows(page)).toHaveCount(0)
  await expect(chip(page, /failed/i)).toBeVisible()
  await page.getByRole('link', { name: 'Clear filters' }).or(page.getByRole('button', { name: 'Clear filters' })).first().click()
  await expect(row(page, id)).toBeVisible()
})

test('a wrong value in the address is named and the rest of the page works', async ({ page, api }) => {
  const [id] = await api.batch([past(5, { agent_name: 'invoices', message: 'Process invoice 1047' })])
  await open(page, '/executions?status=purple')
  await expect(page.locator('.chip.error')).toContainText('purple')
  await expect(row(page, id)).toBeVisible()
})

test('text from runs is shown as text and never runs', async ({ page, api }) => {
  const message = '<img src=x onerror="document.title=1"><script>document.title=1</script> 日本語 العربية'
  const [id] = await api.batch([past(5, { agent_name: 'invoices', message })])
  await open(page, '/executions')
  await expect(row(page, id)).toContainText('<img src=x onerror=')
  await expect(row(page, id)).toContainText('日本語 العربية')
  await expect(page).toHaveTitle(/Executions/)
})
