import { past } from '../support/api.ts'
import { drawer, row } from '../support/page.ts'
import { expect, test } from '../support/test.ts'

test('a run in the drawer is rendered and can be closed', async ({ page, api }) => {
  const [id] = await api.batch([past(5, { agent_name: 'researcher', message: 'Analyze', response: 'It **grows**.', status: 'failed', error: 'No' })])
  await page.goto(`/executions?status=failed&run=${id}`)
  await expect(drawer(page).locator('.md strong')).toHaveText('grows')
  await drawer(page).getByRole('link', { name: 'Close' }).click()
  await expect(page).toHaveURL(/\/executions\?status=failed$/)
  await expect(drawer(page)).toHaveCount(0)
  await expect(row(page, id)).toBeVisible()
})

test('two runs can be compared', async ({ page, api }) => {
  const [a, b] = await api.batch([
    past(9, { agent_name: 'a', message: 'Same', response: 'One\nTwo' }),
    past(5, { agent_name: 'a', message: 'Same', response: 'One\n2' }),
  ])
  await page.goto(`/executions/${a}`)
  await page.locator('summary[aria-label="More actions"]').click()
  await page.getByRole('link', { name: 'Compare with…' }).click()
  await page.getByLabel('Run B').fill(`https://board.example/executions/${b}`)
  await page.getByRole('button', { name: 'Compare' }).click()
  await expect(page.locator('.diff-a').filter({ hasText: 'Two' })).toBeVisible()
  await page.getByRole('link', { name: 'Swap' }).click()
  await expect(page.locator('.diff-b').filter({ hasText: 'Two' })).toBeVisible()
})
