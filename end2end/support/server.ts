import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

const project = resolve(import.meta.dirname, '../..')
const binary = join(process.env.CARGO_TARGET_DIR ?? join(project, 'target'), 'release/runboard')

export const ADMIN = { email: 'ann@example.com', password: 'correct horse battery' }
export const USER = { email: 'bo@example.com', password: 'another long password' }

/** A folder with a database that already has users and a token: hashing passwords is slow, so it is done once. */
export class Template {
  readonly folder = mkdtempSync(join(tmpdir(), 'runboard-template-'))
  readonly token: string

  constructor() {
    if (!existsSync(binary)) throw new Error(`${binary} is missing: run \`make build\``)
    for (const [user, role] of [[ADMIN, 'admin'], [USER, 'user']] as const) {
      runboard(this.folder, ['user', 'add', user.email, '--role', role, '--password-stdin'], user.password)
    }
    this.token = runboard(this.folder, ['token', 'create', '--user', ADMIN.email, '--name', 'tests', '--scope', 'write']).trim()
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Runs a command on the database in `folder` and answers what it printed. */
function runboard(folder: string, args: string[], input = '') {
  return execFileSync(binary, args, { cwd: folder, env: environment(), input, encoding: 'utf8' })
}

function environment() {
  const { RUNBOARD_URL: _url, RUNBOARD_TOKEN: _token, RUNBOARD_LISTEN: _listen, ...rest } = process.env
  return { ...rest, RUNBOARD_DATABASE_URL: 'sqlite://runboard.db' }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** One running `runboard serve` with a database of its own. It keeps its port over restarts. */
export class Server {
  private child?: ChildProcess
  private helpers: ChildProcess[] = []
  private output = ''

  private constructor(
    private readonly folder: string,
    private readonly port: number,
    readonly token: string,
    private readonly options: string[],
  ) {}

  static async start(template: Template, options: string[] = []): Promise<Server> {
    const folder = mkdtempSync(join(tmpdir(), 'runboard-e2e-'))
    for (const file of readdirSync(template.folder)) copyFileSync(join(template.folder, file), join(folder, file))
    const server = new Server(folder, await freePort(), template.token, options)
    await server.start()
    return server
  }

  get url() {
    return `http://127.0.0.1:${this.port}`
  }

  async start() {
    const child = spawn(binary, ['serve', '--listen', `127.0.0.1:${this.port}`, ...this.options], { cwd: this.folder, env: environment() })
    this.child = child
    child.stdout.on('data', (text) => (this.output += text))
    child.stderr.on('data', (text) => (this.output += text))
    for (const deadline = Date.now() + 15_000; Date.now() < deadline; await pause(20)) {
      if (child.exitCode !== null) break
      const answer = await fetch(`${this.url}/readyz`).catch(() => undefined)
      if (answer?.ok) return
    }
    throw new Error(`the server did not start:\n${this.output}`)
  }

  /** Runs a command on this server's database to its end. */
  run(...args: string[]) {
    return runboard(this.folder, args)
  }

  /** Starts a command on this server's database that goes on until the server is removed. */
  keepRunning(...args: string[]) {
    this.helpers.push(spawn(binary, args, { cwd: this.folder, env: environment(), stdio: 'ignore' }))
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM') {
    const child = this.child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }

  async remove() {
    for (const helper of this.helpers) helper.kill('SIGKILL')
    await this.stop('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
  }
}
