import { post } from '../support/flows.ts'
import { drawer, expectAccessible, open, row } from '../support/page.ts'
import { BOTH, approve, asked, decider, entry, pageOf, reject, section, toast } from '../support/people.ts'
import { ADMIN, USER } from '../support/server.ts'
import { expect, test } from '../support/test.ts'

test('two people decide: each sees the other at once, and the run goes on', async ({ page, browser, server, api }) => {
  const { run, ask } = await asked(api)
  const bo = await pageOf(browser, server, USER)
  await open(bo, `/approvals/${ask.id}`)
  await expect(bo.locator('main')).toContainText('Both must approve')
  await expect(approve(bo)).toBeVisible()

  await open(page, '/approvals')
  await expect(entry(page)).toContainText('1')
  const mine = section(page, 'Waiting for you')
  await expect(mine.locator('[data-approval]')).toHaveCount(1)
  await expectAccessible(page)
  await mine.getByRole('link', { name: 'Decide: Send the offer' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Send the offer')
  await expect(page.locator('.md strong')).toHaveText('Hansen GmbH')
  await expect(page.getByRole('region', { name: 'Exact parameters' })).toContainText('"total": 1200')
  await expectAccessible(page)

  const sent: string[] = []
  page.on('request', (request) => request.url().includes('/fn/respond') && sent.push(request.url()))
  await page.getByLabel('Comment').fill('Looks right')
  await approve(page).dblclick()
  await expect(page).toHaveURL(/\/approvals$/)
  await expect(toast(page)).toContainText('You approved “Send the offer”. It waits for')
  await expect(section(page, 'Waiting for you')).toContainText('Nothing waits for you')
  await expect(section(page, 'Others decide')).toContainText('waiting for')
  await expect(entry(page)).toHaveText('Approvals')
  expect(sent).toHaveLength(1)

  await expect(decider(bo, /approved/)).toContainText('Looks right')
  await expect(bo.locator('.quorum [data-said="approve"]')).toHaveCount(1)
  await approve(bo).click()
  await expect(bo).toHaveURL(/\/approvals$/)
  await expect(toast(bo)).toContainText('The run goes on.')
  expect((await api.get(run)).status).toBe('running')
  await expect(section(page, 'Decided').locator(`[data-approval="${ask.id}"]`)).toContainText('Approved by')
})

test('a rejection ends the run, with who and why', async ({ page, api }) => {
  const { run, ask } = await asked(api)
  await open(page, `/executions/${run}`)
  await expect(page.getByRole('list', { name: 'Waits for people' })).toContainText('Both must approve')
  await page.getByRole('link', { name: 'Decide: Send the offer' }).click()
  await page.getByLabel('Comment').fill('not today')
  await reject(page).click()
  await expect(page, 'back to where one came from').toHaveURL(new RegExp(`/executions/${run}`))
  await expect(toast(page)).toContainText('You rejected “Send the offer”. The run has stopped.')
  await expect(page.locator('article.run')).toHaveAttribute('data-status', 'failed')
  await expect(page.locator('.run-error')).toContainText(/rejected by .*: not today/)
  await expect(page.locator('.asked-people')).toContainText('Rejected by')
  await page.locator('.asked-people').getByRole('link', { name: 'Send the offer' }).click()
  await expect(page).toHaveURL(new RegExp(ask.id))
  await expect(page.locator('.asking-over')).toContainText(/Rejected by .*: not today/)
  await expect(approve(page)).toHaveCount(0)
})

test('lesson 11: who comes second is told who decided, and stays', async ({ page, browser, server, api, complaints }) => {
  complaints.allow(/status of 409/)
  const { ask } = await asked(api, { policy: 'any' })
  let letGo = () => {}
  const held = new Promise<void>((done) => (letGo = done))
  await page.route('**/fn/respond', async (route) => {
    await held
    await route.continue()
  })
  await open(page, `/approvals/${ask.id}`)
  await approve(page).click()
  await expect(approve(page)).toBeDisabled()
  const bo = await pageOf(browser, server, USER)
  await open(bo, `/approvals/${ask.id}`)
  await bo.getByLabel('Comment').fill('it is in order')
  await approve(bo).click()
  await expect(toast(bo)).toContainText('The run goes on.')
  letGo()
  await expect(page.getByRole('alert')).toContainText(/approved by .*: it is in order/)
  await expect(page.getByRole('alert')).not.toContainText(/\dT\d\d:/)
  await expect(page.locator('.asking-over')).toContainText('it is in order')
  await expect(page).toHaveURL(new RegExp(ask.id))
  await expect(approve(page)).toHaveCount(0)
})

test('a question is answered, and what is missing is said beside its field', async ({ page, api, complaints }) => {
  complaints.allow(/status of 422/)
  const { id } = await api.start('mailer', 'Plan the trip')
  const ask = await api.ask(id, {
    kind: 'question',
    title: 'Where to?',
    message: 'Two places are left.',
    fields: [
      { name: 'why', label: 'Why do you travel', type: 'text' },
      { name: 'city', label: 'City', type: 'choice', options: ['Oslo', 'Graz'] },
      { name: 'extras', label: 'Extras', type: 'multi', options: ['Breakfast', 'Bicycle'], optional: true },
    ],
  })
  await open(page, '/approvals')
  await page.getByRole('link', { name: 'Answer: Where to?' }).click()
  await page.getByRole('radio', { name: 'Graz' }).check()
  await page.getByRole('button', { name: 'Send answer' }).click()
  const why = page.getByLabel('Why do you travel')
  await expect(why).toHaveAttribute('aria-invalid', 'true')
  await expect(why).toBeFocused()
  await expectAccessible(page)
  await why.fill('To see it')
  await page.getByRole('checkbox', { name: 'Bicycle' }).check()
  await page.getByRole('button', { name: 'Send answer' }).click()
  await expect(page).toHaveURL(/\/approvals$/)
  await expect(toast(page)).toContainText('You answered “Where to?”. The run goes on.')
  const { answers } = await api.read(`/api/interactions/${ask.id}`)
  expect(answers).toEqual({ why: 'To see it', city: 'Graz', extras: ['Bicycle'] })
  await open(page, `/approvals/${ask.id}`)
  await expect(page.locator('.answers')).toContainText('To see it')
})

test('equal requests are decided together', async ({ page, api }) => {
  const all = [await asked(api, { policy: 'any' }), await asked(api, { policy: 'any' }), await asked(api, { policy: 'any' })]
  await asked(api, { policy: 'any', parameters: { to: 'others@example.com' } })
  await open(page, '/approvals')
  await expect(entry(page)).toContainText('4')
  await page.getByRole('button', { name: 'Approve all 3: Send the offer' }).click()
  await expect(drawer(page)).toContainText('Approve 3 requests “Send the offer”?')
  await expectAccessible(page)
  await drawer(page).getByLabel('Comment').fill('all the same')
  await drawer(page).getByRole('button', { name: 'Approve 3' }).click()
  await expect(toast(page)).toContainText('You approved 3 requests')
  await expect(section(page, 'Waiting for you').locator('[data-approval]')).toHaveCount(1)
  await expect(entry(page)).toContainText('1')
  for (const { run } of all) expect((await api.get(run)).status).toBe('running')
})

test('what was approved often can be remembered, and the rule revoked', async ({ page, api }) => {
  await open(page, '/approvals')
  for (let i = 0; i < 5; i++) {
    const { ask } = await asked(api, { policy: 'any' })
    await post(page, `/api/approvals/${ask.id}/respond`, { decision: 'approve' })
  }
  const { ask } = await asked(api, { policy: 'any' })
  await open(page, `/approvals/${ask.id}`)
  await page.getByRole('button', { name: 'Approve and remember for 7 days' }).click()
  await expect(toast(page)).toContainText('approved without asking you for 7 days')
  const next = await asked(api, { policy: 'any' })
  expect(next.ask.status).toBe('approved')
  await open(page, '/approvals')
  await expect(section(page, 'Standing rules')).toContainText('used 1 time')
  await page.getByRole('button', { name: 'Revoke: Send the offer' }).click()
  await drawer(page).getByRole('button', { name: 'Revoke' }).click()
  await expect(toast(page)).toContainText('is revoked')
  expect((await asked(api, { policy: 'any' })).ask.status).toBe('pending')
})

test('a run that waits leads to its decision from everywhere', async ({ page, api }) => {
  const { run, ask } = await asked(api)
  await open(page, '/')
  const waits = page.getByRole('region', { name: 'Runs under way' }).getByRole('link', { name: /^Waiting for/ })
  await expect(waits).toHaveAttribute('href', `/approvals/${ask.id}`)
  const second = await asked(api, { title: 'Another' })
  await expect(row(page, second.run).getByRole('link', { name: /^Waiting for/ })).toHaveAttribute('href', `/approvals/${second.ask.id}`)
  await open(page, '/executions')
  await row(page, run).getByRole('link', { name: /^Waiting for/ }).click()
  await expect(drawer(page).getByRole('link', { name: 'Decide: Send the offer' })).toHaveAttribute('href', `/approvals/${ask.id}`)
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await page.keyboard.press('g')
  await page.keyboard.press('p')
  await expect(page).toHaveURL(/\/approvals$/)
  await page.getByRole('link', { name: 'Decide: Send the offer' }).click()
  await expect(approve(page)).toBeVisible()
  await page.keyboard.press('a')
  await expect(approve(page)).toBeFocused()
  await page.keyboard.press('c')
  await expect(page.getByLabel('Comment')).toBeFocused()
  await page.keyboard.type('ar')
  await expect(page.getByLabel('Comment')).toHaveValue('ar')
})

test('somebody is taken off the list, and the others are counted again', async ({ page, browser, server, api }) => {
  const { run, ask } = await asked(api)
  const bo = await pageOf(browser, server, USER)
  await open(bo, `/approvals/${ask.id}`)
  await post(bo, `/api/approvals/${ask.id}/respond`, { decision: 'approve' })
  const { ask: other } = await asked(api, { title: 'Another' })
  await open(page, `/approvals/${other.id}`)
  await decider(page, /bo/i).getByRole('button', { name: /^Remove/ }).click()
  await drawer(page).getByRole('button', { name: 'Remove' }).click()
  await expect(decider(page, /bo/i)).toContainText('was taken off the list')
  await expect(page.locator('.asking-stands')).toContainText('1 approval is needed')
  await approve(page).click()
  await expect(toast(page)).toContainText('The run goes on.')
  expect((await api.get(run)).status).toBe('waiting')
})

test('who is not asked gets no page, and who started the run is told why others decide', async ({ page, browser, server, api }) => {
  const { ask } = await asked(api, { approvers: [USER.email], allow_requester: false })
  await open(page, `/approvals/${ask.id}`)
  await expect(page.locator('main')).toContainText('others decide')
  await expect(approve(page)).toHaveCount(0)
  const mine = await asked(api, { approvers: [ADMIN.email] })
  const bo = await pageOf(browser, server, USER)
  expect((await bo.goto(`/approvals/${mine.ask.id}`))?.status()).toBe(404)
  await expect(bo.locator('body')).not.toContainText('Send the offer')
  await open(bo, `/approvals/${ask.id}`)
  await expect(bo.getByRole('link', { name: 'Offer to Hansen GmbH' })).toHaveCount(0)
  await expect(approve(bo)).toBeVisible()
  await open(bo, '/approvals')
  await expect(section(bo, 'Waiting for you').locator('[data-approval]')).toHaveCount(1)
})

test('hostile texts stay texts', async ({ page, api }) => {
  const { ask } = await asked(api, {
    title: '<img src=x onerror=alert(1)>',
    message: '<script>alert(1)</script> [here](javascript:alert(1)) **bold**',
    parameters: { to: 'a\u202egnp.exe', '</pre><script>': 1 },
  })
  await open(page, `/approvals/${ask.id}`)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('<img src=x onerror=alert(1)>')
  await expect(page.locator('main script, main img, main a[href^="javascript"]')).toHaveCount(0)
  await expect(page.getByRole('region', { name: 'Exact parameters' })).toContainText('a\\u202egnp.exe')
})

test('what waits for me is told once, and leads straight to it', async ({ page, api }) => {
  await page.addInitScript(`
    localStorage.setItem('runboard.notify', 'on')
    window.shown = []
    window.Notification = class {
      static permission = 'granted'
      constructor(title, options) { this.title = title; this.body = options.body; window.shown.push(this) }
      close() {}
    }`)
  await open(page, '/agents')
  const { ask } = await asked(api)
  const titles = () => page.evaluate(() => (window as unknown as { shown: { title: string; body: string }[] }).shown.map(({ title, body }) => [title, body]))
  await expect.poll(titles).toEqual([['mailer waits for you', 'Send the offer']])
  await page.evaluate(() => (window as unknown as { shown: { onclick(): void }[] }).shown[0].onclick())
  await expect(page).toHaveURL(new RegExp(`/approvals/${ask.id}`))
})

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme })

    test(`axe finds nothing on the pages of approvals, ${colorScheme}`, async ({ page, api }) => {
      const rules = colorScheme === 'dark' ? ['color-contrast'] : []
      const { run, ask } = await asked(api, { expires_in_s: 7200 })
      await asked(api, { approvers: [USER.email] })
      const ended = await asked(api, { policy: 'any' })
      await open(page, '/approvals')
      await post(page, `/api/approvals/${ended.ask.id}/respond`, { decision: 'reject', comment: 'no' })
      for (const path of ['/approvals', `/approvals/${ask.id}`, `/approvals/${ended.ask.id}`, `/executions/${run}`, `/executions/${ended.run}`]) {
        await open(page, path)
        await expectAccessible(page, rules)
      }
    })
  })
}

test.describe('flows', () => {
  test.use({ serving: ['--allow-commands'] })

  test('a flow that asks is written, waits, and goes on with the answers', async ({ page, api, complaints }) => {
    complaints.allow(/status of 422/)
    await open(page, '/')
    await post(page, '/api/agents', { name: 'writer', kind: 'command', config: { argv: ['cat'] } })
    const step = (number: number) => page.locator('.edit-step').nth(number - 1)
    await open(page, '/flows/new')
    await page.getByLabel('Name', { exact: true }).first().fill('Letter')
    await page.getByRole('button', { name: 'Add question' }).click()
    await page.getByRole('button', { name: 'Add approval' }).click()
    await step(1).getByLabel('Title').fill('Write')
    await step(1).getByLabel('Prompt').fill('Write the letter')
    await step(2).getByLabel('Title').fill('Which tone?')
    await step(2).getByLabel('Answer', { exact: true }).selectOption('choice')
    await step(3).getByLabel('Title').fill('Send it')
    await page.getByRole('button', { name: 'Save' }).click()
    await expect(step(2).getByLabel('Options')).toHaveAttribute('aria-invalid', 'true')
    await expect(step(3).getByLabel('Approvers')).toHaveAttribute('aria-invalid', 'true')
    await expect(step(2).getByLabel('Question', { exact: true })).toBeFocused()
    await expectAccessible(page)
    await step(2).getByLabel('Question', { exact: true }).fill('How should it sound?')
    await step(2).getByLabel('Options').fill('Friendly\nFormal')
    await step(3).getByLabel('Approvers').fill(BOTH.join('\n'))
    await step(3).getByLabel('Who has to approve').selectOption('any')
    await step(3).getByLabel('Expires').selectOption('86400')
    await step(3).getByRole('checkbox', { name: /Whoever started/ }).check()
    await page.getByRole('button', { name: 'Save' }).click()
    await expect(page.locator('main')).toContainText('version 1')
    const flow = /flows\/([0-9a-f-]{36})/.exec(page.url())?.[1]
    await page.reload()
    await expect(step(3).getByLabel('Approvers')).toHaveValue(BOTH.join('\n'))

    const { execution_id } = await post(page, `/api/task_flows/${flow}/run`, {})
    await expect(entry(page)).toContainText('1')
    await open(page, '/approvals')
    await page.getByRole('link', { name: 'Answer: Which tone?' }).click()
    await expect(page.locator('.asking-before')).toContainText('Write the letter')
    await page.getByRole('radio', { name: 'Formal' }).check()
    await page.getByRole('button', { name: 'Send answer' }).click()
    await expect(page).toHaveURL(/\/approvals$/)
    await page.getByRole('link', { name: 'Decide: Send it' }).click()
    await expect(page.locator('.asking-before')).toContainText('How should it sound?: Formal')
    await page.getByLabel('Comment').fill('well written')
    await approve(page).click()
    await expect(page).toHaveURL(/\/approvals$/)
    await expect.poll(async () => (await api.get(execution_id)).status).toBe('success')
    await open(page, `/executions/${execution_id}?tab=steps`)
    await expect(page.locator('.step').nth(2)).toContainText(/Approved by .*: well written/)
    await expect(page.locator('.step').nth(1)).toContainText('How should it sound?: Formal')
    await open(page, '/flows')
    await page.getByRole('button', { name: 'Steps of Letter' }).click()
    await expect(page.locator('.pairs .step').nth(2)).toContainText(/Approved by .*: well written/)
  })
})
