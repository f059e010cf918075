import { asked } from '../support/people.ts'
import { expect, test } from '../support/test.ts'

test('what waits can be read, down to the parameters', async ({ page, api }) => {
  const { run, ask } = await asked(api, { expires_in_s: 7200 })
  await page.goto('/approvals')
  await expect(page.getByRole('region', { name: 'Waiting for you' })).toContainText('Send the offer')
  await expect(page.getByRole('link', { name: /^Approvals/ }).first()).toContainText('1')
  await page.getByRole('link', { name: 'Decide: Send the offer' }).click()
  await expect(page).toHaveURL(new RegExp(ask.id))
  await expect(page.locator('.md strong')).toHaveText('Hansen GmbH')
  await expect(page.getByRole('region', { name: 'Exact parameters' })).toContainText('"to": "hansen@example.com"')
  await expect(page.locator('main')).toContainText('Both must approve')
  await expect(page.locator('main')).toContainText('Expires in')
  await expect(page.locator('main noscript p')).toBeVisible()
  await expect(page.locator('main button').filter({ visible: true })).toHaveCount(0)
  await page.goto(`/executions/${run}`)
  await expect(page.getByRole('link', { name: 'Decide: Send the offer' })).toBeVisible()
})
