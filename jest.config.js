import { availableParallelism } from 'node:os';
import { findChromium } from './test/browser/chromium.js';

/** With CI set, the browser's tests run, and fail, where there is no Chromium: a run that others rely on leaves nothing out. */
const withoutBrowser = !findChromium() && !process.env.CI;
if (withoutBrowser) console.error('no Chromium on this machine: test/browser.test.ts is left out');

/** Tests are TypeScript; what they import from src/ is checked against the sources and run from the build in dist/. */
export default {
  testEnvironment: 'node',
  // Half of what tests wait for are processes of their own: two at a time on two cores.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  testPathIgnorePatterns: ['/node_modules/', ...(withoutBrowser ? ['<rootDir>/test/browser.test.ts'] : [])],
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }] },
  moduleNameMapper: {
    '^(?:\\.\\./)+src/(.*)\\.js$': '<rootDir>/dist/$1.js',
    '^memcell$': '<rootDir>/dist/index.js',
    '^(\\.{1,2}/(?!.*dist/).*)\\.js$': ['$1.js', '$1.ts'],
  },
  setupFiles: ['<rootDir>/test/propertySeed.ts', '<rootDir>/test/kernelSpeed.ts', '<rootDir>/test/tfjsBanner.ts'],
  testTimeout: 60_000,
};
