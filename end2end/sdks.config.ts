import base from './playwright.config.ts'

/** `make sdks`: agents of real SDKs, each in a process of its own, report to the server. */
export default {
  ...base,
  // Python reads a whole SDK before its agent begins, on a busy machine for many seconds.
  timeout: 120_000,
  reporter: 'list',
  projects: [{ name: 'sdks', testMatch: 'sdks/*.spec.ts', use: { viewport: { width: 1440, height: 900 } } }],
}
