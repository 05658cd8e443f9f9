import type { Reporter, TestModule } from 'vitest/node';

/** Ends the run with `N passed, N failed`, a line that any continuous integration can read. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    let passed = 0;
    let failed = unhandledErrors.length;
    let skipped = 0;
    for (const module of modules) {
      const states = [...module.children.allTests()].map(test => test.result().state);
      passed += states.filter(state => state === 'passed').length;
      skipped += states.filter(state => state === 'skipped' || state === 'pending').length;
      const here = states.filter(state => state === 'failed').length;
      // A file that does not load, or whose beforeAll fails, has no failed test of its own.
      failed += module.state() === 'failed' ? Math.max(1, here) : here;
    }
    console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  }
}
