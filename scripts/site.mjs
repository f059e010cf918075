// Builds target/site, the browser's side of Runboard, without needing cargo-leptos. `cargo leptos build --release
// --precompress` makes the same site with the program in one file; here it is split, see src/ui/late.rs. What did not
// change is neither made again nor touched, so the server is not rebuilt either.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import binaryen from 'binaryen'
import * as sass from 'sass'

process.chdir(resolve(dirname(fileURLToPath(import.meta.url)), '..'))
process.env.PATH = [resolve('.tools/bin'), resolve('node_modules/.bin'), process.env.PATH].join(':')
const site = 'target/site'
const compressible = /\.(css|html|js|json|svg|txt|wasm|webmanifest|xml)$/
// What rustc emits by default for this target; without them wasm-opt refuses the file.
const features = ['bulk-memory', 'bulk-memory-opt', 'multivalue', 'mutable-globals', 'nontrapping-float-to-int', 'reference-types', 'sign-ext']

/** The command has already said what was wrong when it fails. */
function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' })
  if (error) console.error(error.message)
  if (status !== 0) process.exit(status ?? 1)
}

const written = new Set()

function writeIfChanged(path, content) {
  if (existsSync(path) && readFileSync(path).equals(content)) return false
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  return true
}

/** Puts a file into the site, with its compressed copies beside it. */
function publish(name, content) {
  const path = join(site, name)
  const changed = writeIfChanged(path, content)
  written.add(path)
  if (!compressible.test(name)) return
  for (const [ending, compress] of [['.br', brotliCompressSync], ['.gz', (bytes) => gzipSync(bytes, { level: 9 })]]) {
    written.add(path + ending)
    if (changed || !existsSync(path + ending)) writeFileSync(path + ending, compress(content))
  }
}

function filesUnder(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesUnder(path) : [path]
  })
}

/**
 * Empties the functions for taking a page over in steps (`hydrate_lazy`), which Runboard does at once. Each type of view
 * has its own, and the compiler can't know that none is called. Called after all, one of them stops the program.
 */
function withoutHydrationInSteps(bytes) {
  const module = binaryen.readBinary(bytes)
  let found = 0
  for (let index = 0; index < module.getNumFunctions(); index++) {
    const made = module.getFunctionByIndex(index)
    // Not what drops their futures: the linker may have made it one with something else's.
    if (!/^(?!core::ptr::).*::hydrate_async(::\{\{closure\}\})*::h[0-9a-f]{16}$/.test(binaryen.getFunctionInfo(made).name)) continue
    binaryen.Function.setBody(made, module.unreachable())
    found++
  }
  const emptied = module.emitBinary()
  module.dispose()
  return [emptied, found]
}

/** The program as WebAssembly and its JavaScript; skipped when it is the same program as last time. */
function publishProgram() {
  // The relocations say which function needs which: where the program may be split.
  run('cargo', ['rustc', '--lib', '--target', 'wasm32-unknown-unknown', '--profile', 'wasm-release', '--no-default-features', '--features', 'split', '--', '-Clink-args=--emit-relocs'])
  const built = join(process.env.CARGO_TARGET_DIR ?? 'target', 'wasm32-unknown-unknown/wasm-release/runboard.wasm')
  const stamp = 'target/site.stamp'
  const inputs = [readFileSync(built), readFileSync('package-lock.json'), readFileSync(fileURLToPath(import.meta.url))]
  const hash = inputs.reduce((sum, bytes) => sum.update(bytes), createHash('sha256')).digest('hex')
  const [last, ...names] = existsSync(stamp) ? readFileSync(stamp, 'utf8').split('\n') : []

  if (last === hash && names.every((name) => existsSync(join(site, name)))) {
    for (const name of names) publish(name, readFileSync(join(site, name)))
    return
  }
  const work = mkdtempSync(join(tmpdir(), 'runboard-site-'))
  process.once('exit', () => rmSync(work, { recursive: true }))
  const [parts, bound] = [join(work, 'parts'), join(work, 'bound')]
  run('wasm-split-cli', [built, parts, '--out-name', 'runboard'])
  run('wasm-bindgen', [join(parts, 'runboard.wasm'), '--target', 'web', '--no-typescript', '--keep-lld-exports', '--out-dir', bound, '--out-name', 'runboard'])
  // Inlining makes the file smaller, but what is sent of it, compressed, larger.
  // The many copies of one generic function stand together by their names, and compress better so.
  const passes = ['-Oz', '--skip-pass=inlining-optimizing', '--skip-pass=dae-optimizing', '--reorder-functions-by-name']
  const made = new Map([['runboard.wasm', join(bound, 'runboard_bg.wasm')]])
  // The parts of one program fit together and to no other: a page that is older than the server must find none of them.
  const mark = hash.slice(0, 12)
  let loader = readFileSync(join(parts, '__wasm_split.js'), 'utf8')
  for (const name of readdirSync(parts).filter((name) => name.endsWith('.wasm') && name !== 'runboard.wasm')) {
    const marked = name.replace('.wasm', `.${mark}.wasm`)
    loader = loader.replaceAll(`"./${name}"`, `"./${marked}"`)
    made.set(marked, join(parts, name))
  }
  binaryen.setDebugInfo(true)
  for (const [name, path] of made) {
    const [emptied, found] = withoutHydrationInSteps(readFileSync(path))
    if (name === 'runboard.wasm' && found === 0) throw new Error('The functions of hydration in steps have other names now: see withoutHydrationInSteps.')
    writeFileSync(path, emptied)
    const optimised = join(work, name)
    run('wasm-opt', [...passes, '--strip-debug', '--strip-producers', ...features.map((name) => `--enable-${name}`), path, '-o', optimised])
    publish(`pkg/${name}`, readFileSync(optimised))
  }
  publish('pkg/runboard.js', readFileSync(join(bound, 'runboard.js')))
  publish('pkg/__wasm_split.js', Buffer.from(loader))
  writeFileSync(stamp, [hash, 'pkg/runboard.js', 'pkg/__wasm_split.js', ...[...made.keys()].map((name) => `pkg/${name}`)].join('\n'))
}

publishProgram()
publish('pkg/runboard.css', Buffer.from(sass.compile('style/main.scss', { style: 'compressed' }).css))
for (const path of filesUnder('public')) publish(relative('public', path), readFileSync(path))
for (const path of filesUnder(site)) if (!written.has(path)) rmSync(path)
