import type { Page } from '@playwright/test'
import { past } from '../support/api.ts'
import { open, rows } from '../support/page.ts'
import { expect, test } from '../support/test.ts'

/** `make gallery`: every state in both themes and three sizes, to be looked at. Written to end2end/gallery. */
const SIZES = { desktop: { width: 1440, height: 900 }, tablet: { width: 820, height: 1100 }, phone: { width: 390, height: 844 } }
const THEMES = ['light', 'dark'] as const

const LONG = 'Reconcile every ledger of every subsidiary, '.repeat(12)

async function shoot(page: Page, name: string, states: (page: Page) => Promise<void>) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const theme of THEMES) {
      await page.setViewportSize(viewport)
      await page.emulateMedia({ colorScheme: theme })
      await states(page)
      await page.screenshot({ path: `end2end/gallery/${name}-${size}-${theme}.png`, animations: 'disabled' })
    }
  }
}

test.describe.configure({ mode: 'parallel', timeout: 240_000 })

test('no run ever', async ({ page }) => {
  await shoot(page, 'empty', (page) => open(page, '/executions'))
})

test('five runs, long, empty, failed and in other scripts', async ({ page, api }) => {
  const ids = await api.batch([
    past(3, { agent_name: 'ledger', message: LONG, labels: { env: 'prod', team: 'finance' }, model: 'a-model-with-a-very-long-name-2026-11' }),
    past(8, { agent_name: '研究助手', message: '分析市场并写一份摘要', response: '# 摘要\n\n- 一\n- 二' }),
    past(15, { agent_name: 'مساعد', message: 'لخّص التقرير الأسبوعي', status: 'failed', error: 'الخادم لا يستجيب' }),
    past(30, { agent_name: 'quiet', message: '' }),
    past(50, { agent_name: 'crypto-analyst', message: 'Check portfolio', status: 'failed', error: `Traceback (most recent call last):\n${'  File "run.py", line 12, in main\n'.repeat(9)}RateLimitError: 429` }),
  ])
  await shoot(page, 'five', (page) => open(page, '/executions'))
  await shoot(page, 'nothing-matches', (page) => open(page, '/executions?status=failed&agent=quiet&trigger=mcp'))
  await shoot(page, 'wrong-address', (page) => open(page, '/executions?colour=red&status=done&min_cost=x'))
  await shoot(page, 'drawer', async (page) => {
    await open(page, `/executions?run=${ids[1]}`)
    await expect(page.locator('dialog[open]')).toBeVisible()
  })
  await shoot(page, 'failed-run', (page) => open(page, `/executions/${ids[4]}`))
})

test('an agent is made and set up', async ({ page, server }) => {
  const headers = { origin: server.url }
  const config = { base_url: 'http://127.0.0.1:9/v1', model: 'small', system_prompt: 'You write short, kind letters.' }
  const more = { description: LONG, retry: { attempts: 3, backoff_s: 10, on: ['timeout'] }, budget: { usd_per_day: 2.5 } }
  const agent = { name: 'letter-writer', display_name: 'Letter writer', kind: 'openai', config, ...more }
  expect((await page.request.post('/api/agents', { data: agent, headers })).status()).toBe(201)
  await page.request.put('/api/agents/letter-writer/schedule', { data: { cron: '0 9 * * 1-5', timezone: 'Europe/Berlin' }, headers })
  await page.request.put('/api/agents/letter-writer/memories/Tone', { data: { content: LONG }, headers })
  await shoot(page, 'new-agent', (page) => open(page, '/agents/new'))
  await shoot(page, 'agent-without-runs', (page) => open(page, '/agents/letter-writer'))
  await shoot(page, 'agent-settings', (page) => open(page, '/agents/letter-writer/settings'))
  await shoot(page, 'agent-memories', async (page) => {
    await open(page, '/agents/letter-writer/settings')
    await page.getByRole('button', { name: 'Edit Tone' }).scrollIntoViewIfNeeded()
  })
})

test('five thousand runs and a fleet at work', async ({ page, server }) => {
  server.run('demo')
  server.keepRunning('demo', '--runs', '0', '--live')
  await open(page, '/executions')
  await expect.poll(() => rows(page).filter({ has: page.locator('.elapsed') }).count(), { timeout: 60_000 }).toBeGreaterThan(2)
  await shoot(page, 'dashboard', (page) => open(page, '/'))
  await shoot(page, 'many', (page) => open(page, '/executions?last=7d'))
  await shoot(page, 'agents', (page) => open(page, '/agents'))
  await shoot(page, 'scrolled', async (page) => {
    await open(page, '/executions?last=30d')
    await page.evaluate(() => window.scrollTo(0, 4_000))
    await expect(rows(page).first()).not.toBeInViewport()
  })
})
