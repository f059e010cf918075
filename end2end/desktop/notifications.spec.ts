import { once } from 'node:events'
import { type IncomingHttpHeaders, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHmac } from 'node:crypto'
import { expectAccessible, open } from '../support/page.ts'
import { expect, test } from '../support/test.ts'

type Call = { headers: IncomingHttpHeaders; body: string }

/** A receiver of webhooks that takes everything, unless it is told not to. */
async function withReceiver(work: (url: string, calls: Call[], answer: { status: number }) => Promise<void>) {
  const [calls, answer] = [[] as Call[], { status: 204 }]
  const receiver = createServer((request, response) => {
    let body = ''
    request.on('data', (text) => (body += text))
    request.on('end', () => {
      calls.push({ headers: request.headers, body })
      response.writeHead(answer.status).end()
    })
  }).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  try {
    await work(`http://127.0.0.1:${(receiver.address() as AddressInfo).port}/geheimnis`, calls, answer)
  } finally {
    receiver.closeAllConnections()
    receiver.close()
  }
}

function isSignedWith(secret: string, { headers, body }: Call) {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  const made = createHmac('sha256', key).update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`).digest('base64')
  return headers['webhook-signature'] === `v1,${made}`
}

test.describe('on a server that knows its address', () => {
  test.use({ serving: ['--public-url', 'https://board.example'] })

  test('a webhook is set, tried out, told of a failure, renewed and taken away', async ({ page, api, complaints }) => {
    complaints.allow(/status of 422/)
    await withReceiver(async (url, calls, answer) => {
      await open(page, '/executions')
      await page.getByLabel(/^Account/).click()
      await page.getByRole('link', { name: 'Notifications' }).click()
      await expect(page).toHaveURL(/\/settings\/notifications$/)
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('Notifications')
      const part = (name: string) => page.getByRole('region', { name, exact: true })
      const button = (name: string) => page.getByRole('button', { name, exact: true })
      const [tell, webhook, log] = [part('Tell me'), part('Webhook'), part('What you were told')]
      await expect(tell).toContainText('no mail is sent here')
      await expect(log).toContainText('Nothing yet')
      await expect(part('This browser').getByLabel('Desktop notification')).toBeVisible()
      await expectAccessible(page)

      await webhook.getByLabel('Address').fill('not an address')
      await button('Save webhook').click()
      await expect(webhook.getByLabel('Address')).toHaveAccessibleDescription(/^Address is not a URL\./)
      await expect(webhook.getByLabel('Address')).toBeFocused()
      await webhook.getByLabel('Address').fill(url)
      await button('Save webhook').click()
      await expect(webhook).toContainText(new URL(url).origin)
      await expect(webhook).not.toContainText('geheimnis')
      const secret = webhook.locator('figure pre')
      await expect(secret).toHaveText(/^whsec_/)
      const first = await secret.innerText()
      await expectAccessible(page)

      await button('Send a test').click()
      await expect(webhook).toContainText('Sent: the webhook took it')
      expect(calls.length).toBe(1)
      expect(isSignedWith(first, calls[0])).toBe(true)
      answer.status = 404
      await button('Send a test').click()
      await expect(webhook).toContainText('Not sent: the webhook answered 404 Not Found')
      answer.status = 204

      const group = (name: string) => tell.getByRole('group', { name, exact: true })
      await expect(group('A run failed').getByLabel('By webhook')).toBeChecked()
      await expect(group('A run failed').getByLabel('By mail')).not.toBeChecked()
      await group('A budget is used up').getByLabel('By webhook').uncheck()
      await button('Save').click()
      await expect(tell.getByText('Saved', { exact: true })).toBeVisible()

      const { id } = await api.create({ agent_name: 'builder', message: 'Build', status: 'failed', error: 'disk full' })
      await expect.poll(() => calls.length).toBe(3)
      expect(JSON.parse(calls[2].body)).toMatchObject({ kind: 'failed', title: 'builder failed', link: `https://board.example/executions/${id}` })

      // The secret is shown once.
      await page.reload()
      await expect(page.locator('html')).toHaveAttribute('data-hydrated')
      await expect(webhook).toContainText(new URL(url).origin)
      await expect(secret).toHaveCount(0)
      await expect(group('A budget is used up').getByLabel('By webhook')).not.toBeChecked()
      await expect(log.getByRole('listitem')).toContainText(/builder failed.*by webhook.*sent/s)
      await log.getByRole('link', { name: 'builder failed' }).click()
      await expect(page).toHaveURL(new RegExp(`/executions/${id}$`))
      await page.goBack()

      await button('New secret').click()
      await expect(secret).toHaveText(/^whsec_/)
      expect(await secret.innerText()).not.toBe(first)
      await button('Take away').click()
      await expect(webhook).toContainText('It is taken away')
      await expect(webhook).not.toContainText(new URL(url).origin)
      await expect(button('Send a test')).toHaveCount(0)
    })
  })

  test('many failures at once are told in one message', async ({ page, api }) => {
    await withReceiver(async (url) => {
      await open(page, '/settings/notifications')
      await page.getByLabel('Address').fill(url)
      await page.getByRole('button', { name: 'Save webhook' }).click()
      await expect(page.locator('figure pre')).toBeVisible()
      for (let i = 0; i < 6; i++) await api.create({ agent_name: 'builder', message: 'Build', status: 'failed', error: `${i}` })
      await open(page, '/settings/notifications')
      const log = page.getByRole('region', { name: 'What you were told' })
      await expect(log.getByRole('listitem')).toHaveCount(6)
      await expect(log.getByRole('listitem').first()).toContainText('1 more run failed')
    })
  })
})

test('without an address of its own the page says what is missing', async ({ page }) => {
  await open(page, '/settings/notifications')
  await expect(page.getByRole('region', { name: 'Webhook' })).toContainText('set RUNBOARD_PUBLIC_URL')
  await expect(page.getByLabel('Address')).toHaveCount(0)
})
