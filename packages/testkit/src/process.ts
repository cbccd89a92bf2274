/** For tests that need a process of their own, to share a store with or to kill. */
export { bundleProgram, storeWriterProgram, type TestProcess, type TestProgram } from './process/start-process.ts';
