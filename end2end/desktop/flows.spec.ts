import type { Locator, Page } from '@playwright/test'
import { Gated, echo, flow, post } from '../support/flows.ts'
import { drawer, expectAccessible, open, row } from '../support/page.ts'
import { USER } from '../support/server.ts'
import { test as base, expect, signIn } from '../support/test.ts'

const test = base.extend<{ gated: Gated }>({
  gated: async ({}, use) => {
    const gated = new Gated()
    await use(gated)
    gated.remove()
  },
})

test.use({ serving: ['--allow-commands'] })

const running = (page: Page) => page.getByRole('region', { name: 'Running flows' }).getByRole('listitem')
const ended = (page: Page) => page.getByRole('region', { name: 'Runs that have ended' }).locator('[data-execution-id]')
const step = (page: Page, number: number) => page.locator('.edit-step').nth(number - 1)

async function start(page: Page, button: Locator) {
  await button.click()
  await drawer(page).getByRole('button', { name: 'Run', exact: true }).click()
  await expect(drawer(page)).toContainText('in the queue')
  await drawer(page).getByRole('button', { name: 'Close' }).click()
}

test('a flow is written, run, paused, read and taken up again', async ({ page, gated, api, complaints }) => {
  complaints.allow(/status of 422/)
  await open(page, '/')
  await gated.make(page, 'writer')

  await test.step('the editor says what is wrong beside the field', async () => {
    await page.getByRole('navigation', { name: 'Main', exact: true }).getByRole('link', { name: 'Flows' }).click()
    await expect(page.getByRole('heading', { name: 'No flows yet' })).toBeVisible()
    await page.getByRole('link', { name: 'New flow' }).first().click()
    await page.getByLabel('Name', { exact: true }).fill('Weekly letter')
    for (const [i, title] of ['Collect', 'Write', 'Check'].entries()) {
      if (i > 0) await page.getByRole('button', { name: 'Add prompt' }).click()
      await step(page, i + 1).getByLabel('Title').fill(title)
      if (i > 0) await step(page, i + 1).getByLabel('Prompt').fill(`${title} the letter`)
    }
    await page.getByRole('button', { name: 'Save' }).click()
    const prompt = step(page, 1).getByLabel('Prompt')
    await expect(prompt).toHaveAttribute('aria-invalid', 'true')
    await expect(prompt).toHaveAccessibleDescription('Is empty')
    await expect(prompt).toBeFocused()
    await expectAccessible(page)
    await prompt.fill('Collect the news')
    await page.getByRole('button', { name: 'Save' }).click()
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Weekly letter')
    await expect(page).toHaveURL(/\/flows\/[0-9a-f-]{36}$/)
    await expect(page.locator('main')).toContainText('version 1')
  })

  await test.step('it is run, and its card moves', async () => {
    await page.getByRole('link', { name: 'Back to flows' }).click()
    await start(page, page.getByRole('button', { name: 'Run Weekly letter' }))
    await expect(running(page)).toHaveCount(1)
    await expect(running(page)).toContainText('Step 1: Collect')
    await expect(running(page)).toContainText('Collect the news')
    await expect(running(page)).toContainText('0 of 3 steps done')
    await gated.letOne()
    await expect(running(page)).toContainText('Step 2: Write')
    await expect(running(page)).toContainText('1 of 3 steps done')
    await expect(running(page)).toContainText('Latest response')
    await expectAccessible(page)
  })

  await test.step('it pauses when its step is done, and goes on', async () => {
    await running(page).getByRole('button', { name: 'Pause' }).click()
    await expect(running(page)).toContainText('Pauses after this step')
    await gated.letOne()
    await expect(running(page)).toHaveAttribute('data-status', 'paused')
    await expect(running(page)).toContainText('Next, step 3: Check')
    await running(page).getByRole('button', { name: 'Resume' }).click()
    await expect(running(page)).toHaveAttribute('data-status', 'running')
    await expect(running(page).getByRole('button', { name: 'Pause' })).toBeVisible()
    await gated.letOne()
  })

  await test.step('the history has each prompt with its response', async () => {
    await expect(ended(page)).toHaveCount(1, { timeout: 15_000 })
    await expect(running(page)).toHaveCount(0)
    await expect(ended(page)).toHaveAttribute('data-status', 'success')
    await ended(page).getByRole('button', { name: 'Steps of Weekly letter' }).click()
    const pairs = ended(page).locator('.pairs .step')
    await expect(pairs).toHaveCount(3)
    for (const [i, text] of ['Collect the news', 'Write the letter', 'Check the letter'].entries()) {
      await expect(pairs.nth(i)).toContainText(text)
      await expect(pairs.nth(i)).toContainText('Response')
      await expect(pairs.nth(i)).toContainText('Done:')
    }
    await expectAccessible(page)
  })

  await test.step('a run that was stopped is taken up again from a step', async () => {
    await start(page, page.getByRole('button', { name: 'Run Weekly letter' }))
    await gated.letOne()
    await expect(running(page)).toContainText('Step 2: Write')
    await running(page).getByRole('link', { name: 'Weekly letter' }).click()
    await page.getByRole('link', { name: /^Steps/ }).click()
    await expect(page.locator('.step')).toHaveCount(3)
    await expect(page.locator('.step.planned')).toHaveCount(1)
    await expect(page.getByRole('button', { name: 'Pause this run' })).toBeVisible()
    await page.getByRole('button', { name: 'Stop' }).click()
    await drawer(page).getByRole('button', { name: 'Stop' }).click()
    await expect(page.locator('article.run')).toHaveAttribute('data-status', 'cancelled', { timeout: 15_000 })
    const again = page.getByRole('button', { name: /^Retry from step/ })
    await expect(again).toHaveCount(2)
    await page.getByRole('button', { name: 'Retry from step 2: Write' }).click()
    await expect(drawer(page)).toContainText('not done again')
    await expectAccessible(page)
    await drawer(page).getByRole('button', { name: 'Retry', exact: true }).click()
    await drawer(page).getByRole('link', { name: 'Open the run' }).click()
    await gated.letOne()
    await gated.letOne()
    await expect(page.locator('article.run')).toHaveAttribute('data-status', 'success')
    const { executions } = await api.read('/api/executions')
    expect(executions).toHaveLength(3)
    expect(executions[0].retry_of).toBe(executions[1].id)
    expect(executions[0].steps_done).toBe(3)
  })
})

test('steps are moved and removed with the keyboard alone', async ({ page }) => {
  await open(page, '/')
  await echo(page, 'writer')
  const { id } = await flow(page, 'writer', 'Three', ['One', '1'], ['Two', '2'], ['Three', '3'])
  await open(page, `/flows/${id}`)
  const titles = () => page.locator('.edit-step').getByLabel('Title').evaluateAll((all) => all.map((e) => (e as HTMLInputElement).value))
  await page.getByRole('button', { name: 'Move up step 3' }).focus()
  await page.keyboard.press('Enter')
  expect(await titles()).toEqual(['One', 'Three', 'Two'])
  await expect(page.getByRole('button', { name: 'Move up step 2' })).toBeFocused()
  await page.keyboard.press('Enter')
  expect(await titles()).toEqual(['Three', 'One', 'Two'])
  await expect(page.getByRole('button', { name: 'Move down step 1' })).toBeFocused()
  await page.getByRole('button', { name: 'Remove step 2' }).focus()
  await page.keyboard.press('Enter')
  expect(await titles()).toEqual(['Three', 'Two'])
  await expect(page.getByRole('button', { name: 'Undo' })).toBeFocused()
  await page.keyboard.press('Enter')
  expect(await titles()).toEqual(['Three', 'One', 'Two'])
  await expect(step(page, 2).getByLabel('Title')).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.locator('main')).toContainText('Saved as version 2')
})

test('changes are not lost: by leaving, or to somebody who was faster', async ({ page, complaints }) => {
  complaints.allow(/status of 409/)
  await open(page, '/')
  await echo(page, 'writer')
  const { id } = await flow(page, 'writer', 'Letter', ['One', 'Say one'])
  await open(page, `/flows/${id}`)
  await step(page, 1).getByLabel('Prompt').fill('Say two')
  await expect(page.getByRole('button', { name: 'Run', exact: true })).toBeDisabled()
  page.once('dialog', (dialog) => dialog.dismiss())
  await page.getByRole('link', { name: 'Back to flows' }).click()
  await expect(step(page, 1).getByLabel('Prompt')).toHaveValue('Say two')

  const origin = new URL(page.url()).origin
  const answer = await page.request.patch(`/api/task_flows/${id}`, { data: { name: 'Their letter' }, headers: { origin } })
  expect(answer.ok()).toBe(true)
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('alert')).toContainText('it is now version 2')
  await page.getByRole('button', { name: 'Drop my changes' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Their letter')
  await expect(step(page, 1).getByLabel('Prompt')).toHaveValue('Say one')
  await page.getByRole('link', { name: 'Back to flows' }).click()
  await expect(page.getByRole('link', { name: 'Their letter', exact: true })).toBeVisible()
})

test('texts are shown as they are written, and a flow is deleted', async ({ page, api }) => {
  await open(page, '/')
  await echo(page, 'writer')
  const hostile = '<img src=x onerror="document.title=\'owned\'"> **not bold** ' + '長い文章 '.repeat(40)
  const { id } = await flow(page, 'writer', '<b>Flow</b>', ['<i>One</i>', hostile])
  await open(page, '/agents/writer')
  await start(page, page.locator('.agent-flows').getByRole('button', { name: 'Run' }))
  await open(page, '/flows')
  await expect(page.getByRole('link', { name: '<b>Flow</b>' }).first()).toBeVisible()
  const [{ id: run }] = (await api.read('/api/executions')).executions
  await expect(row(page, run).and(page.locator('.history *'))).toBeVisible()
  await row(page, run).getByRole('button', { name: /^Steps of/ }).click()
  await expect(row(page, run).locator('.pairs')).toContainText('<img src=x onerror')
  await expect(row(page, run).locator('.pairs')).toContainText('**not bold**')
  await expect(page.locator('main img, .history b, .history i')).toHaveCount(0)

  await page.getByRole('button', { name: 'Delete <b>Flow</b>' }).click()
  await drawer(page).getByRole('button', { name: 'Delete' }).click()
  await expect(page.getByRole('heading', { name: 'No flows yet' })).toBeVisible()
  await expect(row(page, run)).toBeVisible()
  expect((await page.request.get(`/api/task_flows/${id}`)).status()).toBe(404)
})

test.describe('somebody whom the agent is shared with', () => {
  test('reads a flow and runs it', async ({ page, context, server }) => {
    await open(page, '/')
    await echo(page, 'writer')
    const { id } = await flow(page, 'writer', 'Letter', ['One', 'Say one'])
    await post(page, '/api/agents/writer/shares', { email: USER.email, access: 'operate' })
    await context.clearCookies()
    await signIn(context, server, USER)
    await open(page, `/flows/${id}`)
    await expect(page.locator('main')).toContainText('Say one')
    await expect(page.getByRole('textbox')).toHaveCount(0)
    await expectAccessible(page)
    await start(page, page.getByRole('button', { name: 'Run', exact: true }))
    await open(page, '/flows/new')
    await expect(page.getByRole('heading', { name: 'No agent of yours can go through a flow' })).toBeVisible()
  })
})
