import { past } from '../support/api.ts'
import { expectAccessible, open } from '../support/page.ts'
import { expectNothingSideways, smallTargets } from '../support/phone.ts'
import { expect, test } from '../support/test.ts'

test('agents are listed whole, made and changed on a phone', async ({ page, api, server }) => {
  await api.batch([past(5, { agent_name: 'an-agent-with-quite-a-long-name-for-a-phone-and-more', message: 'One' })])
  const answer = await page.request.post('/api/agents', {
    data: { name: 'writer', display_name: 'Writer of letters', kind: 'webhook', config: { url: 'https://hooks.example/x' }, description: 'Writes the letters of the day, and those of yesterday' },
    headers: { origin: server.url },
  })
  expect(answer.ok(), await answer.text()).toBe(true)
  await open(page, '/agents')
  await expectNothingSideways(page)
  for (const text of ['Writes the letters of the day', 'ann@example.com', 'webhook']) {
    const seen = page.locator('.agents').getByText(text).last()
    await expect(seen).toBeVisible()
    const box = (await seen.boundingBox())!
    expect(box.x + box.width, `${text} is not cut`).toBeLessThanOrEqual(390)
  }
  expect(await page.locator('.panel').evaluate((node) => node.scrollWidth - node.clientWidth)).toBeLessThanOrEqual(0)

  await page.getByRole('link', { name: 'New agent' }).tap()
  await expect(page.getByLabel('Base URL')).toBeEnabled()
  await expectNothingSideways(page)
  expect(await smallTargets(page)).toEqual([])
  await page.getByRole('radio', { name: 'External' }).check()
  await page.getByLabel('Name', { exact: true }).fill('outside')
  await page.getByRole('button', { name: 'Create agent' }).tap()
  await expect(page).toHaveURL(/\/agents\/outside\/settings$/)
  await open(page, '/agents/writer/settings')
  await page.getByRole('button', { name: 'Add memory' }).tap()
  await page.getByLabel('Name', { exact: true }).fill('Tone')
  await page.getByLabel('Content').fill('Brief. '.repeat(60))
  await page.getByRole('button', { name: 'Save memory' }).tap()
  await expect(page.getByRole('button', { name: 'Edit Tone' })).toBeVisible()
  await page.getByLabel('Cron').fill('0 9 * * *')
  await expect(page.locator('.times li')).toHaveCount(5)
  await expectNothingSideways(page)
  expect(await smallTargets(page)).toEqual([])
  await expectAccessible(page)
})
