import { Gated, echo, flow, post } from '../support/flows.ts'
import { open } from '../support/page.ts'
import { expect, test } from '../support/test.ts'

test.use({ serving: ['--allow-commands'] })
test.describe.configure({ timeout: 240_000 })
/** Beside the others of `make gallery`, or where GALLERY says. */
const OUT = process.env.GALLERY ?? 'end2end/gallery'
const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } }

test('flows', async ({ page, api, complaints }) => {
  complaints.allow(/status of 422/)
  const shoot = async (name: string, path: string, then?: () => Promise<void>) => {
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport)
      await page.emulateMedia({ colorScheme: 'light' })
      await open(page, path)
      await then?.()
      for (const theme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme: theme })
        await page.screenshot({ path: `${OUT}/${name}-${size}-${theme}.png`, animations: 'disabled', fullPage: true })
      }
    }
  }
  const gated = new Gated()
  await page.setViewportSize(SIZES.desktop)
  await open(page, '/')
  await shoot('empty', '/flows')
  await shoot('new-none', '/flows/new')
  await gated.make(page, 'market-researcher')
  await echo(page, '助手')
  await post(page, '/api/agents', { name: 'breaks', kind: 'command', config: { argv: ['sh', '-c', 'cat; echo "cannot reach the archive: connection refused" >&2; exit 3'] } })
  const long = 'Summarize what changed in the European battery market since last week: new plants, prices of lithium carbonate, policy. Cite every source with its date, and say where sources disagree. Keep it under 300 words, and end with three questions worth asking next.'
  const a = await flow(page, 'market-researcher', 'Weekly market letter', ['Collect the news', long], ['Write the letter', 'Write a letter of one page for the board.\nPlain words, no adjectives.'], ['Check every figure', 'Check each figure against its source and list what does not match.'])
  const b = await flow(page, '助手', '毎週の市場レポート', ['ニュースを集める', '先週からの欧州電池市場の変化をまとめてください。'], ['要約', 'لخّص التقرير الأسبوعي في خمس نقاط'])
  const c = await flow(page, 'breaks', 'Reconcile every ledger of every subsidiary of the group at the end of the quarter', ['Fetch', 'Fetch the ledgers'], ['Compare', 'Compare them'])
  await post(page, '/api/task_flows', { name: 'Publish', agent_name: 'breaks', on_interruption: 'fail', steps: [
    { kind: 'prompt', title: 'Draft', prompt: 'Write a release note' },
    { kind: 'command', title: 'Lint', argv: ['sh', '-c', 'cat | head -5'], cwd: '/tmp' },
    { kind: 'webhook', title: 'Post it', url: 'https://example.org/hook' },
  ] })
  const ended = async (id: string) => expect.poll(async () => ['success', 'failed'].includes((await api.get(id)).status)).toBe(true)
  for (const f of [b, c]) {
    const { execution_id } = await post(page, `/api/task_flows/${f.id}/run`, {})
    await ended(execution_id)
  }
  const one = await post(page, `/api/task_flows/${a.id}/run`, { message: 'For the board of Hansen GmbH' })
  for (let i = 0; i < 3; i++) await gated.letOne()
  await ended(one.execution_id)
  const two = await post(page, `/api/task_flows/${a.id}/run`, {})
  await gated.letOne()
  await expect.poll(async () => (await api.get(two.execution_id) as any).steps_done).toBe(1)
  await post(page, `/api/task_flows/${a.id}/run`, {})
  await shoot('full', '/flows')
  await shoot('open', '/flows', async () => {
    await page.locator('.history .agent-toggle').first().click()
    await page.locator('.history .agent-toggle').nth(1).click()
    await expect(page.locator('.pairs')).toHaveCount(2)
  })
  await shoot('editor', `/flows/${a.id}`)
  await shoot('editor-new', '/flows/new', async () => {
    await page.getByRole('button', { name: 'Add webhook' }).click()
    await page.getByRole('button', { name: 'Add command' }).click()
    await page.getByRole('button', { name: 'Save' }).click()
    await expect(page.getByRole('alert')).toBeVisible()
  })
  await shoot('run-steps', `/executions/${two.execution_id}?tab=steps`)
  await post(page, `/api/executions/${two.execution_id}/pause`, {}).catch(() => undefined)
  await shoot('drawer', `/executions?run=${two.execution_id}&tab=steps`)
  await shoot('pausing', '/flows')
  const failed = (await api.read('/api/executions?status=failed&last=all')).executions[0].id
  await shoot('failed-steps', `/executions/${failed}?tab=steps`)
  await shoot('agent', '/agents/market-researcher')
  gated.remove()
})
