import { expectAccessible, open } from '../support/page.ts'
import { expectNothingSideways, smallTargets } from '../support/phone.ts'
import { expect, test } from '../support/test.ts'

test.use({ serving: ['--public-url', 'https://board.example'] })

test('how somebody is told fits a phone', async ({ page, api }) => {
  await open(page, '/settings/notifications')
  await page.getByLabel('Address').fill('http://127.0.0.1:9/' + 'a-long-address'.repeat(10))
  await page.getByRole('button', { name: 'Save webhook' }).tap()
  await expect(page.locator('figure pre')).toHaveText(/^whsec_/)
  await api.create({ agent_name: 'an-agent-with-quite-a-long-name-for-a-phone-and-more', message: 'Build', status: 'failed', error: 'disk full' })
  await expectNothingSideways(page)
  expect(await smallTargets(page)).toEqual([])
  await expect
    .poll(async () => {
      await page.reload()
      return page.getByRole('region', { name: 'What you were told' }).innerText()
    })
    .toContain('can\'t be reached')
  await expect(page.locator('html')).toHaveAttribute('data-hydrated')
  await expectNothingSideways(page)
  expect(await smallTargets(page)).toEqual([])
  await expectAccessible(page)
})
