import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test as base } from '../support/test.ts'
import { ModelServer } from './model.ts'
import type { Scenario } from './scenarios.ts'
import { SERVICE, type Sdk } from './sdks.ts'

/** An agent at work in a process of its own. */
export type Work = { model: ModelServer; ended: Promise<Ended> }
type Ended = { code: number | null; output: string }

type Fixtures = {
  /** Lets an SDK's agent do a scenario. `held`: its model keeps the last answer back. */
  work: (sdk: Sdk, scenario: Scenario, held?: 'held') => Promise<Work>
}

export const test = base.extend<Fixtures>({
  work: async ({ server }, use) => {
    const models: ModelServer[] = []
    const agents: ChildProcess[] = []
    const home = mkdtempSync(join(tmpdir(), 'runboard-sdk-'))
    await use(async (sdk, scenario, held) => {
      const model = await ModelServer.start(scenario)
      models.push(model)
      if (held) model.hold()
      const [program, ...args] = sdk.command
      const agent = spawn(program, [...args, scenario.task], { cwd: home, env: environment(home, model.url, server), stdio: 'pipe' })
      agents.push(agent)
      return { model, ended: ended(agent) }
    })
    for (const agent of agents) agent.kill('SIGKILL')
    for (const model of models) model.stop()
    rmSync(home, { recursive: true, force: true })
  },
})

/** Until the agent has called its tools and waits for its model's answer. */
export async function waitsForAnswer({ model, ended }: Work) {
  const tooEarly = ended.then(({ output }) => Promise.reject(new Error(`the agent ended:\n${output}`)))
  await Promise.race([model.asked, tooEarly])
}

/** All that an agent is told of where it is; nothing that this shell happens to have set, keys least of all. */
function environment(home: string, modelUrl: string, { url, token }: { url: string; token: string }) {
  return {
    PATH: process.env.PATH,
    HOME: home,
    OPENAI_BASE_URL: modelUrl,
    OPENAI_API_KEY: 'none',
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer%20${token}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_SERVICE_NAME: SERVICE,
    // Spans are sent while the agent is at work, not only at its end.
    OTEL_BSP_SCHEDULE_DELAY: '100',
  }
}

async function ended(agent: ChildProcess): Promise<Ended> {
  let output = ''
  agent.stdout?.on('data', (text) => (output += text))
  agent.stderr?.on('data', (text) => (output += text))
  const [code] = await once(agent, 'close')
  return { code, output }
}

export { expect }
