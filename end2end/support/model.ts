import { once } from 'node:events'
import { type IncomingMessage, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An OpenAI-compatible endpoint that answers everything with one word, on this machine. */
export async function withModel<T>(use: (baseUrl: string, asked: string[]) => Promise<T>): Promise<T> {
  const asked: string[] = []
  const server = createServer((request: IncomingMessage, answer) => {
    asked.push(`${request.method} ${request.url}`)
    request.resume()
    answer.writeHead(200, { 'content-type': 'application/json' })
    answer.end(JSON.stringify({ choices: [{ message: { role: 'assistant', content: 'pong' }, finish_reason: 'stop' }] }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, asked)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}
