import type { Page } from '@playwright/test'
import { post } from '../support/flows.ts'
import { open } from '../support/page.ts'
import { asked, pageOf } from '../support/people.ts'
import { USER } from '../support/server.ts'
import { expect, test } from '../support/test.ts'

test.use({ serving: ['--allow-commands'] })
test.describe.configure({ timeout: 240_000 })
/** Beside the others of `make gallery`, or where GALLERY says. */
const OUT = process.env.GALLERY ?? 'end2end/gallery'
const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } }

const MESSAGE = `The renewal offer goes to **Hansen GmbH** by e-mail, signed by sales.

- price list of *November*, 12 % off
- valid until 15 December

Nothing is billed before they accept.`

test('approvals', async ({ page, api, browser, server }) => {
  const shoot = async (name: string, path: string, on: Page = page, fullPage = true) => {
    for (const [size, viewport] of Object.entries(SIZES)) {
      await on.setViewportSize(viewport)
      await on.emulateMedia({ colorScheme: 'light' })
      await open(on, path)
      for (const theme of ['light', 'dark'] as const) {
        await on.emulateMedia({ colorScheme: theme })
        await on.screenshot({ path: `${OUT}/${name}-${size}-${theme}.png`, animations: 'disabled', fullPage })
      }
    }
  }
  const bo = await pageOf(browser, server, USER)
  await open(page, '/')
  await shoot('approvals-empty', '/approvals')
  const offer = { message: MESSAGE, expires_in_s: 11_520, parameters: { to: ['einkauf@hansen.example'], template: 'renewal-2026', discount: 0.12, lines: [{ sku: 'A-100', quantity: 12, price: 99.5 }, { sku: 'B-7', quantity: 1, price: 1200 }], valid_until: '2026-12-15' } }
  const one = await asked(api, offer, 'Renew the contract of Hansen GmbH for 2027')
  for (const n of [1, 2, 3]) await asked(api, { title: 'Delete the staging database', policy: 'any', message: 'It is made anew every night.', parameters: { name: 'staging' } }, `Nightly clean-up ${n}`)
  await asked(api, { title: 'Refund order 2026-1142', approvers: [USER.email], message: 'The customer has sent everything back.', policy: 'any' }, 'Refund')
  const { id } = await api.start('travel-planner', 'Plan the team trip in spring')
  const question = await api.ask(id, { kind: 'question', title: 'Where shall the team go?', message: 'Two offers came back. **Graz** is cheaper, **Oslo** is nearer.', fields: [
    { name: 'city', label: 'City', type: 'choice', options: ['Graz', 'Oslo'] },
    { name: 'extras', label: 'What else should be booked?', type: 'multi', options: ['Breakfast', 'Bicycles', 'A meeting room'], optional: true },
    { name: 'notes', label: 'Anything else the planner should know?', type: 'text', optional: true },
  ] })
  const decided = await asked(api, { title: 'Publish release notes 1.4', policy: 'any' }, 'Release 1.4')
  await post(page, `/api/approvals/${decided.ask.id}/respond`, { decision: 'reject', comment: 'the upgrade guide is missing' })
  for (let i = 0; i < 5; i++) {
    const { ask } = await asked(api, { title: 'Restart the crawler', policy: 'any' }, 'Restart')
    await post(page, `/api/approvals/${ask.id}/respond`, { decision: 'approve' })
    if (i === 4) await post(page, '/api/approvals/rules', { approval_id: ask.id })
  }
  await open(bo, `/approvals/${one.ask.id}`)
  await post(bo, `/api/approvals/${one.ask.id}/respond`, { decision: 'approve', comment: 'Checked against the contract.' })
  await api.steps(one.run, { index: 0, title: 'Read the contract', kind: 'prompt', status: 'success', input: 'Read the contract of Hansen GmbH and list what changes.', output: 'Three things change: the term, the discount, the contact.' })
  await shoot('approvals', '/approvals')
  await shoot('approval', `/approvals/${one.ask.id}`)
  await shoot('approval-top', `/approvals/${one.ask.id}`, page, false)
  await shoot('approval-voted', `/approvals/${one.ask.id}`, bo)
  await shoot('question', `/approvals/${question.id}`)
  await shoot('question-top', `/approvals/${question.id}`, page, false)
  await shoot('approval-over', `/approvals/${decided.ask.id}`)
  await shoot('dashboard-waits', '/')
  await shoot('run-waits', `/executions/${one.run}`)
  await shoot('run-rejected', `/executions/${decided.run}`)
  await shoot('drawer-waits', `/executions?run=${one.run}`, page, false)
  await post(page, '/api/agents', { name: 'writer', kind: 'command', config: { argv: ['cat'] } })
  const flow = await post(page, '/api/task_flows', { name: 'Weekly letter', agent_name: 'writer', steps: [
    { kind: 'prompt', title: 'Write', prompt: 'Write the letter' },
    { kind: 'question', title: 'Which tone?', fields: [{ name: 'tone', label: 'How should it sound?', type: 'choice', options: ['Friendly', 'Formal'] }] },
    { kind: 'approval', title: 'Send it', message: 'It goes to **all customers**.', approvers: ['ann@example.com', 'bo@example.com'], policy: 'majority', expires_in_s: 86_400, allow_requester: true },
  ] })
  await shoot('flow-asks', `/flows/${flow.id}`)
  const { execution_id } = await post(page, `/api/task_flows/${flow.id}/run`, {})
  await expect.poll(async () => (await api.get(execution_id)).status).toBe('waiting')
  await shoot('flow-run-asks', `/executions/${execution_id}?tab=steps`)
  await shoot('flows-waiting', '/flows')
})
