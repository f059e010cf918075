import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Answer, type Usage, chatCompletion, refusal, response } from './model-answers.ts'
import { REFUSAL, type Scenario } from './scenarios.ts'

/** What the server really handed out: this is what a run must say, neither less nor more. */
export type Truth = Usage & { answers: number; refused: number }

/**
 * An OpenAI-compatible model for one run that follows a script: when it is asked first, it calls the scenario's tools, and
 * when it is asked again it gives the scenario's answer, or refuses.
 */
export class ModelServer {
  readonly truth: Truth = { input: 0, output: 0, cached: 0, reasoning: 0, answers: 0, refused: 0 }
  private readonly server = createServer((request, answer) => void this.serve(request, answer))
  private let?: () => void
  private gate: Promise<void> = Promise.resolve()
  private arrived!: () => void
  private asks = 0
  /** The agent has done its tool calls and asks for the answer. */
  readonly asked = new Promise<void>((arrived) => (this.arrived = arrived))

  private constructor(private readonly scenario: Scenario) {}

  static async start(scenario: Scenario): Promise<ModelServer> {
    const model = new ModelServer(scenario)
    await once(model.server.listen(0, '127.0.0.1'), 'listening')
    return model
  }

  get url() {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`
  }

  /** Keeps the answer back until it is let go: the agent is at work as long as that. */
  hold() {
    this.gate = new Promise((open) => (this.let = open))
  }

  letGo() {
    this.let?.()
  }

  stop() {
    this.server.closeAllConnections()
    this.server.close()
  }

  private async serve(request: IncomingMessage, answer: ServerResponse) {
    const body = JSON.parse(Buffer.concat(await request.toArray()).toString())
    const kind = request.url?.endsWith('/responses') ? response : request.url?.endsWith('/chat/completions') && chatCompletion
    if (!kind) return send(answer, 404, { error: { message: `nothing at ${request.url}` } })

    this.asks += 1
    if (this.asks === 1) return this.hand(answer, kind(body, { tools: this.scenario.tools }))
    this.arrived()
    await this.gate
    if (this.scenario.answer !== undefined) return this.hand(answer, kind(body, { text: this.scenario.answer }))
    this.truth.refused += 1
    send(answer, 429, refusal(REFUSAL))
  }

  private hand(answer: ServerResponse, { body, usage }: Answer) {
    for (const [of, tokens] of Object.entries(usage)) this.truth[of as keyof typeof usage] += tokens
    this.truth.answers += 1
    send(answer, 200, body)
  }
}

function send(answer: ServerResponse, status: number, body: object) {
  answer.writeHead(status, { 'content-type': 'application/json' })
  answer.end(JSON.stringify(body))
}
