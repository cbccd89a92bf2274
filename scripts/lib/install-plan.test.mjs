import { expect, test } from 'vitest';
import { installKey, lockKnowsPlatform, missingTools, nodeProblem, planInstall } from './install-plan.mjs';

const linux = { platform: 'linux', arch: 'x64', libc: 'glibc' };
const machine = { lock: '{}', nodeMajor: 20, ...linux };
const lock = {
  packages: {
    'node_modules/zod': {},
    'node_modules/fsevents': { os: ['darwin'] },
    'node_modules/@biomejs/cli-linux-x64': { os: ['linux'], cpu: ['x64'], libc: ['glibc'] },
    'node_modules/@rolldown/binding-linux-x64-gnu': { os: ['linux'], cpu: ['x64'], libc: ['glibc'] },
    'node_modules/@rolldown/binding-darwin-arm64': { os: ['darwin'], cpu: ['arm64'] },
    'node_modules/vite/node_modules/@esbuild/linux-x64': { os: ['linux'], cpu: ['x64'] },
    'node_modules/vite/node_modules/@esbuild/darwin-arm64': { os: ['darwin'], cpu: ['arm64'] },
  },
};

test('another lock, Node, machine or C library makes what is installed stale', () => {
  const key = installKey(machine);
  expect(installKey({ ...machine })).toBe(key);
  for (const other of [
    { lock: '{ }' },
    { nodeMajor: 22 },
    { platform: 'darwin' },
    { arch: 'arm64' },
    { libc: 'musl' },
  ]) {
    expect(installKey({ ...machine, ...other })).not.toBe(key);
  }
});

test('nothing is installed over what fits, and everything over what does not', () => {
  expect(planInstall({ stamp: 'a', key: 'a', lockKnown: true })).toBeNull();
  const args = planInstall({ stamp: null, key: 'a', lockKnown: true });
  expect(args).toEqual(['install', '--include=dev', '--no-audit', '--no-fund', '--ignore-scripts']);
  expect(planInstall({ stamp: 'b', key: 'a', lockKnown: false })).toContain('--no-package-lock');
});

test('a lock knows a platform when every family of binaries has one for it', () => {
  expect(lockKnowsPlatform(lock, linux)).toBe(true);
  expect(lockKnowsPlatform(lock, { ...linux, libc: 'musl' })).toBe(false);
  // Biome is missing there, whatever else is listed.
  expect(lockKnowsPlatform(lock, { platform: 'darwin', arch: 'arm64', libc: null })).toBe(false);
  expect(lockKnowsPlatform({ packages: {} }, linux)).toBe(true);
});

test('a tool may go by another name', () => {
  expect(missingTools(() => true)).toEqual([]);
  expect(missingTools(() => false)).toEqual(['g++', 'make', 'python3']);
  expect(missingTools((name) => ['clang++', 'gmake', 'python3'].includes(name))).toEqual([]);
});

test('a Node that is too old is named', () => {
  expect(nodeProblem('v20.19.0')).toBeNull();
  expect(nodeProblem('v24.1.0')).toBeNull();
  expect(nodeProblem('v20.18.3')).toMatch(/needs Node 20\.19 or newer, and this is v20\.18\.3/);
  expect(nodeProblem('v18.20.0')).toMatch(/v18\.20\.0/);
});
