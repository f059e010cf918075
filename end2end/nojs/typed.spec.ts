import { past } from '../support/api.ts'
import { chip, drawer, rows, search } from '../support/page.ts'
import { expect, test } from '../support/test.ts'

const runs = () => [
  past(5, { agent_name: 'invoices', message: 'Process invoice 1047' }),
  past(10, { agent_name: 'researcher', message: 'Analyze the market', status: 'failed', error: 'Rate limited' }),
  past(15, { agent_name: 'invoices', message: 'Process invoice 1046', status: 'failed', error: 'No such customer' }),
]

test('typed filters are understood, and the address says it plainly', async ({ page, api }) => {
  await api.batch(runs())
  await page.goto('/executions?q=status:failed')
  await expect(page).toHaveURL(/\/executions\?status=failed$/)
  await expect(rows(page)).toHaveCount(2)
  await search(page).fill('agent:invoices No such')
  await search(page).press('Enter')
  await expect(page).toHaveURL(/\/executions\?status=failed&agent=invoices&q=No(%20|\+)such$/)
  await expect(rows(page)).toHaveCount(1)

  await page.goto('/executions?q=colour:red+invoice')
  await expect(page.getByRole('alert')).toContainText('“colour” is not a filter')
  await expect(search(page)).toHaveValue('invoice colour:red')
  await chip(page, '“colour” is not a filter').getByRole('link').click()
  await expect(search(page)).toHaveValue('invoice')
  await expect(rows(page)).toHaveCount(2)
})

test('a value can be left out, and stays out when something else is applied', async ({ page, api }) => {
  await api.batch(runs())
  await page.goto('/executions')
  await page.locator('main summary').filter({ hasText: /^\s*Agent/ }).click()
  await page.getByRole('button', { name: 'Not invoices' }).click()
  await expect(rows(page)).toHaveCount(1)
  await search(page).fill('market')
  await search(page).press('Enter')
  await expect(page).toHaveURL(/agent=/)
  await expect(chip(page, 'agent: not invoices')).toBeVisible()
  await expect(rows(page)).toHaveCount(1)
})

test('the less usual filters work in the plain form', async ({ page, api }) => {
  await api.batch(runs())
  await page.goto('/executions')
  await page.locator('main summary').filter({ hasText: /^\s*More/ }).click()
  await page.getByLabel('Duration from').fill('30s')
  await page.getByLabel('Error', { exact: true }).selectOption({ label: 'Has one' })
  await page.getByRole('button', { name: 'Apply' }).click()
  await expect(rows(page)).toHaveCount(2)
  await expect(chip(page, 'duration ≥ 30s')).toBeVisible()
})

test('a saved view is a link, and the id of a run leads to it', async ({ page, api, server }) => {
  const [, failed] = await api.batch(runs())
  const answer = await page.context().request.post(`${server.url}/api/views`, {
    data: { name: 'Failures', query: 'status=failed&cols=message,cost' },
    headers: { origin: server.url },
  })
  expect(answer.status()).toBe(201)
  await page.goto('/executions')
  await page.locator('main summary').filter({ hasText: /^\s*Views/ }).click()
  await page.locator('.menu[open]').getByRole('link', { name: 'Failures' }).click()
  await expect(page).toHaveURL(/\?status=failed&cols=message,cost$/)
  await expect(rows(page)).toHaveCount(2)
  await page.goto(`/executions?q=${failed}`)
  await expect(drawer(page)).toContainText('Rate limited')
})
