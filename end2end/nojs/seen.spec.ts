import { past } from '../support/api.ts'
import { rows } from '../support/page.ts'
import { expect, test } from '../support/test.ts'

const failed = (minutes: number, error: string) => past(minutes, { agent_name: 'a', message: `Work ${minutes}`, status: 'failed', error })

test('failures can be read in groups and lead to their runs', async ({ page, api }) => {
  await api.batch([failed(5, 'HTTP 502 from item 1'), failed(6, 'HTTP 502 from item 2'), failed(7, 'Disk full')])
  await page.goto('/executions')
  await page.getByRole('link', { name: 'Failures' }).click()
  await expect(page.locator('.failure')).toHaveCount(2)
  await page.getByRole('link', { name: '2 runs' }).click()
  await expect(rows(page)).toHaveCount(2)
  await expect(page.locator('.chip').filter({ hasText: 'HTTP 502 from item <n>' })).toBeVisible()
  await page.getByRole('link', { name: 'Failures' }).click()
  await expect(page.locator('.failure')).toHaveCount(1)
})

test('what happened while the reader was away can be read and marked as seen', async ({ page, api }) => {
  await api.batch([failed(5, 'No'), past(6, { agent_name: 'a', message: 'Went well' })])
  await api.seen(0)
  await page.goto('/executions')
  const line = page.getByRole('region', { name: 'Since you left' })
  await expect(line).toContainText('1 failed')
  await line.getByRole('link', { name: '1 failed' }).click()
  await expect(rows(page)).toHaveCount(1)
  await line.getByRole('button', { name: 'Mark as seen' }).click()
  await expect(page).toHaveURL(/\/executions/)
  await expect(rows(page)).toHaveCount(1)
  await expect(line).toHaveCount(0)
})

test('the rows under the filter come as a file', async ({ page, api }) => {
  await api.batch([failed(5, 'No'), past(6, { agent_name: 'a', message: 'Went well' })])
  await page.goto('/executions?status=failed')
  await page.locator('main summary').filter({ hasText: 'Share' }).click()
  const href = await page.getByRole('link', { name: 'Export as NDJSON' }).getAttribute('href')
  const answer = await page.request.get(href ?? '')
  expect((await answer.text()).trimEnd().split('\n')).toHaveLength(1)
})
