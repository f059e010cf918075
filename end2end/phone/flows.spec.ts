import { Gated, flow } from '../support/flows.ts'
import { drawer, expectAccessible, open } from '../support/page.ts'
import { expectNothingSideways, smallTargets } from '../support/phone.ts'
import { expect, test } from '../support/test.ts'

test.use({ serving: ['--allow-commands'] })

test('flows fit a phone: running, all of them, read and written', async ({ page }) => {
  const gated = new Gated()
  await open(page, '/flows')
  await expect(page.getByRole('heading', { name: 'No flows yet' })).toBeInViewport()
  await gated.make(page, 'an-agent-with-quite-a-long-name-for-a-phone')
  const long = 'A prompt that is much longer than a phone is wide, with averyveryverylongwordthatdoesnotbreakanywhereatall '.repeat(4)
  const { id } = await flow(page, 'an-agent-with-quite-a-long-name-for-a-phone', 'A flow with a name that has no place in one line of a phone', ['One', long], ['Two', long])
  await open(page, '/flows')
  await page.getByRole('button', { name: /^Run A flow/ }).tap()
  await drawer(page).getByRole('button', { name: 'Run', exact: true }).tap()
  await drawer(page).getByRole('button', { name: 'Close' }).tap()
  const running = page.getByRole('region', { name: 'Running flows' }).getByRole('listitem')
  await expect(running).toContainText('Step 1: One')
  await gated.letOne()
  await expect(running).toContainText('Step 2: Two')
  await expectNothingSideways(page)
  expect(await smallTargets(page)).toEqual([])
  await gated.letOne()
  const ended = page.getByRole('region', { name: 'Runs that have ended' })
  await ended.getByRole('button', { name: /^Steps of/ }).tap()
  await expect(ended.locator('.pairs .step')).toHaveCount(2)
  await expectNothingSideways(page)
  expect(await smallTargets(page)).toEqual([])
  await expectAccessible(page)

  await open(page, `/flows/${id}`)
  await expect(page.getByRole('button', { name: 'Save' })).toBeInViewport()
  await expectNothingSideways(page)
  expect(await smallTargets(page)).toEqual([])
  gated.remove()
})
