import { defineConfig, devices } from '@playwright/test'

const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 }

/** The release binary is served by a fixture (support/test.ts): every test has its own server and database. */
export default defineConfig({
  testDir: '.',
  outputDir: 'test-results',
  fullyParallel: true,
  forbidOnly: true,
  workers: 2,
  // A limit for what hangs, not a measure of speed: a machine may be busy with something else.
  timeout: 120_000,
  expect: { timeout: 15_000 },
  reporter: [['list'], ['./support/count-reporter.ts']],
  use: {
    ...devices['Desktop Chrome'],
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    // Without a graphics card each frame of an animation is drawn by the processor the tests need.
    contextOptions: { reducedMotion: 'reduce' },
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
  projects: [
    { name: 'desktop', testMatch: 'desktop/*.spec.ts', use: { viewport: { width: 1440, height: 900 } } },
    { name: 'phone', testMatch: 'phone/*.spec.ts', use: phone },
    { name: 'nojs', testMatch: 'nojs/*.spec.ts', use: { javaScriptEnabled: false } },
  ],
})
