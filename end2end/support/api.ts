import { randomBytes } from 'node:crypto'
import type { Server } from './server.ts'

export type Status = 'queued' | 'running' | 'waiting' | 'paused' | 'success' | 'failed' | 'cancelled'
export type Run = { agent_name: string; message: string; status?: Status; [field: string]: unknown }
export type Summary = { id: string; status: Status; message: string; cancel_requested: boolean; cost: number | null }
export type Approval = { id: string; status: string; outcome: string | null; execution_id: string }

const MINUTE = 60_000

/** RFC 3339, this many minutes ago. */
export const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * MINUTE).toISOString()

/** Ids sort by creation, so a run made up for an earlier time gets an id of that time. */
export function idAt(time: string): string {
  const hex = Date.parse(time).toString(16).padStart(12, '0') + '7' + randomBytes(10).toString('hex').slice(0, 19)
  const variant = ((parseInt(hex[16], 16) & 3) | 8).toString(16)
  const id = hex.slice(0, 16) + variant + hex.slice(17)
  return [id.slice(0, 8), id.slice(8, 12), id.slice(12, 16), id.slice(16, 20), id.slice(20)].join('-')
}

/** A finished run that began `minutes` ago and took one minute. */
export function past(minutes: number, run: Run): Run {
  const started_at = minutesAgo(minutes)
  return {
    id: idAt(started_at),
    status: 'success',
    queued_at: started_at,
    started_at,
    completed_at: minutesAgo(minutes - 1),
    ...run,
  }
}

/** What a program that records its runs would do. */
export class Api {
  constructor(private readonly server: Server) {}

  private async call(method: string, path: string, body?: string | object): Promise<any> {
    const text = typeof body === 'string' ? body : body && JSON.stringify(body)
    const answer = await fetch(this.server.url + path, {
      method,
      headers: {
        authorization: `Bearer ${this.server.token}`,
        'content-type': typeof body === 'string' ? 'application/x-ndjson' : 'application/json',
      },
      body: text,
    })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return answer.status === 204 ? undefined : answer.json()
  }

  create = (run: Run): Promise<Summary> => this.call('POST', '/api/executions', run)
  /** A run that is going on now. */
  start = (agent_name: string, message: string, more: object = {}) =>
    this.create({ agent_name, message, status: 'running', started_at: minutesAgo(0), ...more })
  read = (path: string): Promise<any> => this.call('GET', path)
  get = (id: string): Promise<Summary> => this.call('GET', `/api/executions/${id}`)
  patch = (id: string, change: object): Promise<Summary> => this.call('PATCH', `/api/executions/${id}`, change)
  log = (id: string, ...texts: string[]) =>
    this.call('POST', `/api/executions/${id}/log`, { lines: texts.map((text) => ({ stream: 'stdout', text })) })
  toolCalls = (id: string, ...tool_calls: object[]) => this.call('POST', `/api/executions/${id}/tool-calls`, { tool_calls })
  steps = (id: string, ...steps: object[]) => this.call('POST', `/api/executions/${id}/steps`, { steps })
  /** Asks people for a run. */
  ask = (id: string, request: object): Promise<Approval> => this.call('POST', `/api/executions/${id}/interactions`, request)

  /** The number of the newest event. */
  newest = async (): Promise<number> => (await this.call('GET', '/api/executions?limit=1')).as_of
  /** The reader has seen everything up to an event, and what came after it while they were away. */
  seen = (seq: number) => this.call('PUT', '/api/me/mark', { seq })

  /** Records many runs and answers their ids in the same order. */
  async batch(runs: Run[]): Promise<string[]> {
    const answer = await this.call('POST', '/api/executions/batch', runs.map((run) => JSON.stringify(run)).join('\n'))
    if (answer.rejected > 0) throw new Error(JSON.stringify(answer.results.filter((r: any) => r.errors)))
    return answer.results.map((result: { id: string }) => result.id)
  }
}
