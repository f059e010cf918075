import { expectAccessible, open } from '../support/page.ts'
import { approve, asked, reject, section, toast } from '../support/people.ts'
import { expectNothingSideways, smallTargets } from '../support/phone.ts'
import { expect, test } from '../support/test.ts'

test('a request is decided with the thumb', async ({ page, api }) => {
  const long = 'A sentence that is much longer than a phone is wide, with averyveryverylongwordthatdoesnotbreakanywhereatall. '.repeat(12)
  const { ask } = await asked(api, { policy: 'any', message: long, expires_in_s: 3600, parameters: { text: 'x'.repeat(400), list: Array.from({ length: 60 }, (_, i) => i) } })
  await open(page, '/approvals')
  const tab = page.getByRole('navigation', { name: 'Main, at the bottom' }).getByRole('link', { name: /^Approvals/ })
  await expect(tab).toContainText('1')
  await expectNothingSideways(page)
  expect(await smallTargets(page)).toEqual([])
  await section(page, 'Waiting for you').getByRole('link', { name: 'Decide: Send the offer' }).tap()
  for (const button of [approve(page), reject(page)]) {
    await expect(button).toBeInViewport({ ratio: 1 })
    const box = await button.boundingBox()
    expect(box?.height).toBeGreaterThanOrEqual(44)
    expect(box?.y ?? 0, 'where the thumb is').toBeGreaterThan(844 * 0.75)
  }
  await expectNothingSideways(page)
  expect(await smallTargets(page)).toEqual([])
  await expectAccessible(page)
  await approve(page).tap()
  await expect(page).toHaveURL(/\/approvals$/)
  await expect(toast(page)).toContainText('You approved')
  await open(page, `/approvals/${ask.id}`)
  await expect(page.locator('.asking-over')).toContainText('Approved by')
  await expectNothingSideways(page)
})
