import type { FullConfig, Reporter, TestCase, TestResult } from '@playwright/test/reporter'
import { writeFileSync } from 'node:fs'

/**
 * For the end of `make test`: `e2e PROJECT<tab>PASSED<tab>FAILED` lines in COUNTS_FILE, and in FAILED_FILE each test that
 * failed, with the beginning of what was wrong.
 */
export default class CountReporter implements Reporter {
  private counts = new Map<string, { passed: number; failed: number }>()
  private failed: string[] = []

  onBegin(config: FullConfig) {
    for (const project of config.projects) this.counts.set(project.name, { passed: 0, failed: 0 })
  }

  onTestEnd(test: TestCase, result: TestResult) {
    const counts = this.counts.get(test.parent.project()?.name ?? '')
    if (!counts) return
    if (result.status === 'passed') counts.passed += 1
    else {
      counts.failed += 1
      const said = result.errors.map(({ message }) => firstLines(message ?? '', 6)).join('\n')
      this.failed.push(`${test.titlePath().filter(Boolean).join(' › ')} (${Math.round(result.duration / 1000)} s)\n${said}\n`)
    }
  }

  onEnd() {
    const { COUNTS_FILE: counts, FAILED_FILE: failed } = process.env
    const lines = [...this.counts].map(([name, { passed, failed }]) => `e2e ${name}\t${passed}\t${failed}\n`)
    if (counts) writeFileSync(counts, lines.join(''))
    if (failed) writeFileSync(failed, this.failed.join(''))
  }
}

function firstLines(text: string, n: number) {
  return text.split('\n').filter((line) => line.trim()).slice(0, n).map((line) => `    ${line}`).join('\n')
}
