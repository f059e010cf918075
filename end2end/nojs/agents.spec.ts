import { expect, test } from '../support/test.ts'

test('what an agent is set to is read without JavaScript', async ({ page, server }) => {
  const headers = { origin: server.url }
  const config = { base_url: 'https://llm.example/v1', model: 'small', system_prompt: 'Be <b>brief</b> & kind.' }
  const made = await page.request.post('/api/agents', { data: { name: 'writer', kind: 'openai', config, timeout_s: 90 }, headers })
  expect(made.ok(), await made.text()).toBe(true)
  await page.request.put('/api/agents/writer/schedule', { data: { cron: '0 9 * * *', timezone: 'UTC' }, headers })
  await page.request.put('/api/agents/writer/memories/Tone', { data: { content: 'Be exact.' }, headers })
  await page.goto('/agents/writer')
  await page.getByRole('link', { name: 'Edit' }).click()
  await expect(page.getByLabel('System prompt')).toHaveValue('Be <b>brief</b> & kind.')
  await expect(page.getByLabel('Timeout of a run')).toHaveValue('90s')
  await expect(page.getByLabel('Cron')).toHaveValue('0 9 * * *')
  await expect(page.locator('.times li')).toHaveCount(5)
  await expect(page.getByText('Be exact.')).toBeVisible()
  await expect(page.getByText('made and changed with JavaScript')).toBeVisible()
  await expect(page.getByLabel('Model', { exact: true })).toBeDisabled()
  for (const name of ['Save', 'Test', 'Delete agent']) await expect(page.getByRole('button', { name, exact: true })).toHaveCount(0)
  await page.goto('/agents/new')
  await expect(page.getByLabel('Base URL')).toBeVisible()
})
