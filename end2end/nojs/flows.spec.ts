import { echo, flow, post } from '../support/flows.ts'
import { expect, test } from '../support/test.ts'

test.use({ serving: ['--allow-commands'] })

test('flows and their runs can be read', async ({ page, api }) => {
  await page.goto('/flows')
  await expect(page.getByRole('heading', { name: 'No flows yet' })).toBeVisible()
  await echo(page, 'writer')
  const { id } = await flow(page, 'writer', 'Letter', ['One', 'Say one'], ['Two', 'Say two'])
  const { execution_id } = await post(page, `/api/task_flows/${id}/run`, {})
  await expect.poll(async () => (await api.get(execution_id)).status).toBe('success')
  await page.goto('/flows')
  const ended = page.getByRole('region', { name: 'Runs that have ended' })
  await ended.getByRole('link', { name: 'Letter' }).click()
  await expect(page).toHaveURL(new RegExp(execution_id))
  await page.getByRole('link', { name: /^Steps/ }).click()
  await expect(page.locator('.step')).toHaveCount(2)
  await page.getByRole('link', { name: 'Letter, version 1' }).click()
  await expect(page.getByLabel('Prompt').first()).toHaveValue('Say one')
  await expect(page.getByLabel('Prompt').first()).not.toBeEditable()
  await expect(page.getByRole('radio', { name: /^Resume/ })).toBeChecked()
  const dead = page.locator('button').filter({ visible: true })
  await expect(dead).toHaveCount(0)
})
