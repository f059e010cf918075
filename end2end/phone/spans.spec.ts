import { open, rows } from '../support/page.ts'
import { expectNothingSideways, smallTargets } from '../support/phone.ts'
import { agent, model, newTrace, send, span, spoken } from '../support/spans.ts'
import { expect, test } from '../support/test.ts'

test('trace and set-up fit a phone', async ({ page, server }) => {
  const trace = newTrace()
  const deep = Array.from({ length: 20 }, (_, n) => span(trace, n + 1, n, `step-${n}-with-a-name-that-goes-on-and-on`, {}))
  await send(server, [...deep, model(trace, 30, 20, 900, 60), agent(trace, 0, 'deep one', spoken('Go', 'Gone'))])
  await open(page, '/executions')
  const id = await rows(page).first().getAttribute('data-execution-id')
  await open(page, `/executions/${id}?tab=trace`)
  await expect(page.locator('.trace-spans > details')).toHaveCount(22)
  await expectNothingSideways(page)
  await page.locator('.trace-spans > details > summary').last().tap()
  await expect(page.locator('.trace-spans > details').last()).toContainText('gen_ai.request.model')
  await expectNothingSideways(page)
  await open(page, '/connect')
  await expectNothingSideways(page)
  expect(await smallTargets(page)).toEqual([])
})
