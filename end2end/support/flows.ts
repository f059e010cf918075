import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Page, expect } from '@playwright/test'

/** Sends something as the person who is signed in. */
export async function post(page: Page, path: string, data: object) {
  const origin = new URL(page.url()).origin
  const answer = await page.request.post(path, { data, headers: { origin } })
  expect(answer.ok(), await answer.text()).toBe(true)
  const text = await answer.text()
  return text ? JSON.parse(text) : undefined
}

/** An agent that answers what it is told, once it is let. Only an admin who is signed in may make it. */
export class Gated {
  private readonly folder = mkdtempSync(join(tmpdir(), 'runboard-gate-'))
  private readonly gate = join(this.folder, 'open')

  async make(page: Page, name: string) {
    const script = 'text=$(cat); until rm "$0" 2>/dev/null; do sleep 0.05; done; printf "Done: %s" "$text"'
    await post(page, '/api/agents', { name, kind: 'command', config: { argv: ['sh', '-c', script, this.gate] } })
  }

  /** Lets one step end, and waits until it has taken that. */
  async letOne() {
    writeFileSync(this.gate, '')
    await expect.poll(() => existsSync(this.gate)).toBe(false)
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** An agent that answers at once. */
export const echo = (page: Page, name: string) =>
  post(page, '/api/agents', { name, kind: 'command', config: { argv: ['sh', '-c', 'cat; echo'] } })

/** A flow of prompts: titles and texts. */
export const flow = (page: Page, agent_name: string, name: string, ...prompts: [string, string][]): Promise<{ id: string }> =>
  post(page, '/api/task_flows', { name, agent_name, steps: prompts.map(([title, prompt]) => ({ kind: 'prompt', title, prompt })) })
