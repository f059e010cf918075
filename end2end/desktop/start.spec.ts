import type { Page } from '@playwright/test'
import { past } from '../support/api.ts'
import { drawer, expectAccessible, open, row, rows } from '../support/page.ts'
import { expect, test } from '../support/test.ts'

test.use({ serving: ['--allow-commands'] })

/** An agent whose runs the server does: a program on its machine. Only an admin who is signed in may make it. */
async function command(page: Page, name: string, ...argv: string[]) {
  const origin = new URL(page.url()).origin
  const answer = await page.request.post('/api/agents', { data: { name, kind: 'command', config: { argv } }, headers: { origin } })
  expect(answer.ok(), await answer.text()).toBe(true)
}

test('an agent is run from its page and retried with another message', async ({ page, api }) => {
  await open(page, '/')
  await command(page, 'echo', 'cat')
  await open(page, '/agents/echo')
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await expect(drawer(page).getByRole('heading')).toHaveText('Run echo')
  await drawer(page).getByRole('textbox').fill('Say this')
  await expectAccessible(page)
  await drawer(page).getByRole('button', { name: 'Run', exact: true }).click()
  await expect(drawer(page)).toContainText('in the queue')
  await drawer(page).getByRole('button', { name: 'Close' }).click()
  await expect(rows(page)).toHaveCount(1)
  await expect(rows(page).first()).toHaveAttribute('data-status', 'success')

  await open(page, '/executions')
  const [first] = await rows(page).all()
  await first.getByLabel(/^Actions for/).click()
  await first.getByRole('button', { name: 'Edit and retry' }).click()
  await expect(drawer(page).getByRole('textbox')).toHaveValue('Say this')
  await drawer(page).getByRole('textbox').fill('Say that')
  await drawer(page).getByRole('button', { name: 'Retry' }).click()
  await drawer(page).getByRole('link', { name: 'Open the run' }).click()
  await expect(page).toHaveURL(/\/executions\/[0-9a-f-]{36}/)
  await expect(page.locator('main')).toContainText('Say that')
  await expect(page.locator('main').getByText('Success').first()).toBeVisible()
  const { executions } = await api.read('/api/executions')
  expect(executions.map((run: { message: string; attempt: number }) => [run.message, run.attempt])).toEqual([['Say that', 2], ['Say this', 1]])
  expect(executions[0].retry_of).toBe(executions[1].id)
  expect((await api.read(`/api/executions/${executions[0].id}`)).response).toBe('Say that')
})

test('a run that goes on here is stopped, and that is confirmed', async ({ page }) => {
  await open(page, '/')
  await command(page, 'sleeper', 'sleep', '600')
  await open(page, '/agents/sleeper')
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await drawer(page).getByRole('button', { name: 'Run', exact: true }).click()
  await drawer(page).getByRole('button', { name: 'Close' }).click()
  const [run] = await rows(page).all()
  await expect(run).toHaveAttribute('data-status', 'running')
  await run.getByRole('button', { name: 'Stop' }).first().click()
  await drawer(page).getByRole('button', { name: 'Stop' }).click()
  await expect(run).toHaveAttribute('data-status', 'cancelled', { timeout: 15_000 })
})

test('what its own process starts is not started from here', async ({ page, api }) => {
  const [id] = await api.batch([past(5, { agent_name: 'outside', message: 'Runs elsewhere' })])
  await open(page, '/executions')
  await row(page, id).getByLabel(/^Actions for/).click()
  await expect(row(page, id).getByRole('button', { name: 'Edit and retry' })).toBeDisabled()
  await open(page, '/agents/outside')
  await expect(page.getByRole('button', { name: 'Run', exact: true })).toHaveCount(0)
})
