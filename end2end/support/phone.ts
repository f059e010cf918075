import { type Page, expect } from '@playwright/test'

export async function expectNothingSideways(page: Page) {
  const { wide, wider } = await page.evaluate(() => ({
    wide: document.documentElement.clientWidth,
    wider: document.documentElement.scrollWidth,
  }))
  expect(wider, 'nothing scrolls sideways').toBeLessThanOrEqual(wide)
}

/** Names of visible controls smaller than a thumb; links inside running text are exempt, as WCAG has it. */
export const smallTargets = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('button, summary, select, input:not([type=hidden]), nav a, .chip a, .btn')]
      .filter((node) => node.checkVisibility({ visibilityProperty: true }) && !node.closest('[aria-label=Breadcrumb]'))
      .filter((node) => !node.closest('dialog:not([open])'))
      .map((node) => ({ node, box: (node.closest('label') ?? node).getBoundingClientRect() }))
      .filter(({ box }) => box.width > 0 && (box.height < 43.5 || box.width < 43.5))
      .map(({ node, box }) => `${node.tagName} ${node.ariaLabel ?? node.textContent?.trim()} ${box.width}×${box.height}`),
  )
