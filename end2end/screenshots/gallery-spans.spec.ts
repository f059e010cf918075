import type { Page } from '@playwright/test'
import { readFileSync, readdirSync } from 'node:fs'
import { open, rows } from '../support/page.ts'
import { agent, failedWith, model, newTrace, send, span, spoken, tool } from '../support/spans.ts'
import { expect, test } from '../support/test.ts'

test.describe.configure({ timeout: 240_000 })
/** Beside the others of `make gallery`, or where GALLERY says. */
const OUT = process.env.GALLERY ?? 'end2end/gallery'
const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } }
/** What real libraries have sent. */
const SAMPLES = 'tests/otlp-samples'

test('spans', async ({ page, server }) => {
  const shoot = async (name: string, path: string, on: Page = page) => {
    for (const [size, viewport] of Object.entries(SIZES)) {
      await on.setViewportSize(viewport)
      await open(on, path)
      for (const theme of ['light', 'dark'] as const) {
        await on.emulateMedia({ colorScheme: theme })
        await on.screenshot({ path: `${OUT}/${name}-${size}-${theme}.png`, animations: 'disabled' })
      }
    }
  }
  await open(page, '/')
  await shoot('connect-empty', '/executions')
  await shoot('connect', '/connect?with=pydantic-ai')
  for (const emitter of readdirSync(SAMPLES, { withFileTypes: true }).filter((e) => e.isDirectory()).map((e) => e.name)) {
    for (const file of readdirSync(`${SAMPLES}/${emitter}`).filter((name) => /^ok-1\.(pb|json)$/.test(name))) {
      const type = file.endsWith('.pb') ? 'application/x-protobuf' : 'application/json'
      const headers = { authorization: `Bearer ${server.token}`, 'content-type': type }
      const answer = await fetch(`${server.url}/v1/traces`, { method: 'POST', headers, body: readFileSync(`${SAMPLES}/${emitter}/${file}`) })
      expect(answer.status, `${emitter}/${file}`).toBe(200)
    }
  }
  await shoot('samples', '/executions?last=all')
  const trace = newTrace()
  const long = 'a-name-that-somebody-made-out-of-every-word-they-had-at-hand-and-some-more-of-them'
  await send(server, [
    span(trace, 1, 0, 'invoke_agent Researcher', { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'Researcher' }),
    model(trace, 2, 1, 12_400, 380, 'gpt-4o'),
    tool(trace, 3, 1, 'search', '{"query":"battery market 2027"}', '[{"title":"Outlook"},{"title":"Prices"}]'),
    tool(trace, 4, 1, long, '{}', '', failedWith('TimeoutError: the page did not answer within 30 s')),
    span(trace, 5, 1, 'retrieval', { 'gen_ai.operation.name': 'retrieval' }),
    model(trace, 6, 1, 15_100, 1_250, 'gpt-4o'),
    span(trace, 7, 0, '電池市場の分析', {}),
    model(trace, 8, 7, 900, 45, 'house-model'),
    agent(trace, 0, 'Market analyst', spoken('How does the battery market grow?', 'It grows by **23 %** a year.')),
  ])
  await open(page, '/executions')
  const id = await rows(page).first().getAttribute('data-execution-id')
  await shoot('trace', `/executions/${id}?tab=trace`)
  await shoot('trace-overview', `/executions/${id}`)
  await shoot('trace-drawer', `/executions?run=${id}&tab=trace`)
  await page.setViewportSize(SIZES.desktop)
  await open(page, `/executions/${id}?tab=trace`)
  await page.locator('.trace-spans > details > summary').nth(4).click()
  await expect(page.locator('.trace-spans .call-error')).toBeVisible()
  await page.screenshot({ path: `${OUT}/trace-open-desktop-dark.png`, animations: 'disabled', fullPage: true })
  const silent = newTrace()
  await send(server, [model(silent, 1, 0, 500, 50, 'house-model'), agent(silent, 0, 'Silent one')])
  await open(page, '/executions')
  const other = await rows(page).first().getAttribute('data-execution-id')
  await shoot('not-recorded', `/executions/${other}`)
})
