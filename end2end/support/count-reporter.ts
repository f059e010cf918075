import type { FullConfig, Reporter, TestCase, TestResult } from '@playwright/test/reporter'
import { writeFileSync } from 'node:fs'

/** Writes `e2e PROJECT<tab>PASSED<tab>FAILED` lines to COUNTS_FILE, for the table of `make test`. */
export default class CountReporter implements Reporter {
  private counts = new Map<string, { passed: number; failed: number }>()

  onBegin(config: FullConfig) {
    for (const project of config.projects) this.counts.set(project.name, { passed: 0, failed: 0 })
  }

  onTestEnd(test: TestCase, result: TestResult) {
    const counts = this.counts.get(test.parent.project()?.name ?? '')
    if (!counts) return
    if (result.status === 'passed') counts.passed += 1
    else counts.failed += 1
  }

  onEnd() {
    const file = process.env.COUNTS_FILE
    if (!file) return
    const lines = [...this.counts].map(([name, { passed, failed }]) => `e2e ${name}\t${passed}\t${failed}\n`)
    writeFileSync(file, lines.join(''))
  }
}
