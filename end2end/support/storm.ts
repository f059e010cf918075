import type { Api } from './api.ts'

const CLIENTS = 8

/** Runs that change without pause, as fast as the server takes it, also while it is away, until they are stopped. */
export class Storm {
  private sent = 0
  private going = true
  private waiting: { at: number; reached: () => void }[] = []
  private readonly clients: Promise<void>[]

  constructor(private readonly api: Api, private readonly ids: string[]) {
    this.clients = Array.from({ length: CLIENTS }, (_, client) => this.client(client))
  }

  private async client(client: number) {
    for (let i = client; this.going; i += CLIENTS) {
      const change = { current_step: `Step ${i}` }
      // The server may be gone: that is no fault of this client, and the next change comes right after.
      const ok = await this.api.patch(this.ids[i % this.ids.length], change).then(() => true, () => false)
      if (!ok) await new Promise((next) => setImmediate(next))
      this.sent += ok ? 1 : 0
      this.waiting = this.waiting.filter(({ at, reached }) => {
        if (this.sent >= at) reached()
        return this.sent < at
      })
    }
  }

  /** Until so many changes more were taken. */
  more(changes: number) {
    return new Promise<void>((reached) => this.waiting.push({ at: this.sent + changes, reached }))
  }

  async stop() {
    this.going = false
    await Promise.all(this.clients)
  }
}
