import base from './playwright.config.ts'

/** `make screenshots`: pictures of demo data, not tests. */
export default {
  ...base,
  reporter: 'list',
  projects: [
    { name: 'screenshots', testMatch: 'screenshots/*.spec.ts', use: { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 2 } },
  ],
}
