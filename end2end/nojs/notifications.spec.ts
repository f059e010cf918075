import { expect, test } from '../support/test.ts'

test.use({ serving: ['--public-url', 'https://board.example'] })

test('how somebody is told, and what they were told, is read without JavaScript', async ({ page, api, server }) => {
  const headers = { origin: server.url }
  const told = { mail: true, webhook: true }
  const data = { waiting: told, failed: told, budget: { mail: false, webhook: false }, webhook: { url: 'http://127.0.0.1:9/geheimnis', format: 'slack' } }
  const set = await page.request.put('/api/me/notifications', { data, headers })
  expect(set.ok(), await set.text()).toBe(true)
  await api.create({ agent_name: 'builder', message: 'Build', status: 'failed', error: 'disk full' })
  await page.goto('/settings/notifications')
  await expect(page.getByText('http://127.0.0.1:9', { exact: true })).toBeVisible()
  await expect(page.getByText('geheimnis')).toHaveCount(0)
  await expect(page.getByLabel('Format')).toHaveValue('slack')
  await expect(page.getByRole('group', { name: 'A run failed' }).getByLabel('By mail')).toBeChecked()
  await expect(page.getByRole('group', { name: 'A budget is used up' }).getByLabel('By mail')).not.toBeChecked()
  await expect(page.getByRole('region', { name: 'What you were told' }).getByRole('listitem')).toContainText('builder failed')
  await expect(page.getByText('changed with JavaScript')).toBeVisible()
  await expect(page.getByLabel('By mail').first()).toBeDisabled()
  for (const name of ['Save', 'Save webhook', 'Take away']) await expect(page.getByRole('button', { name, exact: true })).toHaveCount(0)
})
