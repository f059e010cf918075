import { drawer, open, row, rows } from '../support/page.ts'
import { REFUSAL, REFUSED, TOOL_FAILS, TWO_CALLS } from './scenarios.ts'
import { SDKS, SERVICE } from './sdks.ts'
import { expectCalls, fact, openFromList, text, tokens } from './seen.ts'
import { expect, test, waitsForAnswer } from './test.ts'
import { expectTruth, theRun } from './truth.ts'

for (const sdk of SDKS) {
  test.describe(sdk.name, () => {
    test('a run appears while its agent is at work and ends on the open page', async ({ page, api, work }) => {
      await open(page, '/executions')
      const held = await work(sdk, TWO_CALLS, 'held')
      await waitsForAnswer(held)
      const line = rows(page).first()
      await expect(line).toHaveAttribute('data-status', 'running')
      await expect(rows(page)).toHaveCount(1)
      const { id } = await theRun(api, 'running')
      await page.evaluate(() => Object.assign(window, { marked: true }))

      const { model, ended } = held
      model.letGo()
      expect(await ended).toMatchObject({ code: 0, output: expect.stringContaining(TWO_CALLS.answer) })
      await expect(row(page, id)).toHaveAttribute('data-status', 'success')
      await expect(rows(page)).toHaveCount(1)
      await expect(row(page, id)).toContainText(sdk.agent)
      await expect(row(page, id)).toContainText(TWO_CALLS.task)
      expect(await page.evaluate(() => 'marked' in window), 'the page was not reloaded').toBe(true)

      await openFromList(page, id, TWO_CALLS.task)
      await expect(text(page, 'Message')).toContainText(TWO_CALLS.task)
      await expect(text(page, 'Response')).toContainText(TWO_CALLS.answer)
      await expect(text(page, 'Error')).toHaveCount(0)
      await expect(drawer(page).getByRole('link', { name: sdk.agent, exact: true })).toBeVisible()
      await expect(fact(page, 'Tokens')).toContainText(tokens(sdk, model.truth))
      await expect(fact(page, 'Model')).toHaveText(sdk.model)
      await expectCalls(page, sdk, TWO_CALLS)
      await expectTruth(api, sdk, id, TWO_CALLS, model.truth)
    })

    test('a tool fails and the run goes on', async ({ page, api, work }) => {
      const { model, ended } = await work(sdk, TOOL_FAILS)
      expect(await ended).toMatchObject({ code: 0, output: expect.stringContaining(TOOL_FAILS.answer) })
      const { id } = await theRun(api, 'success')
      await open(page, '/executions')
      await openFromList(page, id, TOOL_FAILS.task)
      await expect(text(page, 'Response')).toContainText(TOOL_FAILS.answer)
      await expect(text(page, 'Error')).toHaveCount(0)
      await expectCalls(page, sdk, TOOL_FAILS)
      await expectTruth(api, sdk, id, TOOL_FAILS, model.truth)
    })

    test.describe('refused', () => {
      // The server's usual patience with silence is too long for a test.
      if (sdk.losesFailedRuns) test.use({ serving: ['--spans-quiet-s', '2'] })

      test('the model refuses and the run fails', async ({ page, api, work }) => {
        const { model, ended } = await work(sdk, REFUSED)
        expect((await ended).code).not.toBe(0)
        expect(model.truth.refused).toBe(1)
        const { id } = await theRun(api, 'failed')
        const reason = sdk.losesFailedRuns ? 'no end received' : REFUSAL
        await open(page, '/executions?status=failed')
        await expect(row(page, id)).toContainText(reason)
        await openFromList(page, id, REFUSED.task)
        await expect(text(page, 'Error')).toContainText(reason)
        await expect(text(page, 'Response')).toHaveCount(0)
        await expect(fact(page, 'Tokens')).toContainText(tokens(sdk, model.truth))
        await expect(fact(page, 'Ended').getByText('inferred')).toHaveCount(sdk.losesFailedRuns ? 1 : 0)
        await expectCalls(page, sdk, REFUSED)
        await expectTruth(api, sdk.losesFailedRuns ? { ...sdk, agent: SERVICE } : sdk, id, REFUSED, model.truth)
      })
    })
  })
}
