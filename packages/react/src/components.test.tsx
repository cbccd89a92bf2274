// @vitest-environment happy-dom
import type { RecordStatus } from '@holdfast/device';
import { act, cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestDevice, type TestDevice } from '../test/open-test-device.ts';
import { HoldfastProvider } from './holdfast-provider.tsx';
import { LinkStatus } from './link-status.tsx';
import { english } from './messages.ts';
import { RecordBadge } from './record-badge.tsx';
import { StatusBadge } from './status-badge.tsx';

let world: TestDevice;

beforeEach(async () => {
  world = await openTestDevice();
});

afterEach(async () => {
  cleanup();
  await world.device.close();
});

const write = (title: string) =>
  act(async () => {
    await world.device.write((tx) => tx.notes.create({ title, list: 'home' }));
  });

test('[OP1] the status line says quietly that there is no link, and what is saved here', async () => {
  render(
    <HoldfastProvider device={world.device}>
      <LinkStatus />
    </HoldfastProvider>,
  );
  await act(async () => {
    await world.device.sync();
  });
  expect(await screen.findByText('No link.')).toBeDefined();
  await write('milk');
  await write('nails');
  await write('rope');
  expect(await screen.findByText('No link. 3 entries saved here.')).toBeDefined();
  world.link.up = true;
  await act(async () => {
    await world.device.sync();
  });
  expect(await screen.findByText('Everything is sent.')).toBeDefined();
});

test('[OP2] a badge follows its own record', async () => {
  render(
    <HoldfastProvider device={world.device}>
      <RecordBadge collection="notes" id="note-1" />
    </HoldfastProvider>,
  );
  await write('milk');
  expect(await screen.findByText('Saved here')).toBeDefined();
  world.link.up = true;
  await act(async () => {
    await world.device.sync();
  });
  expect(await screen.findByText('Sent')).toBeDefined();
});

test('states differ in word and in shape, not by colour alone', () => {
  const statuses: RecordStatus[] = ['saved-here', 'sending', 'sent', 'needs-attention'];
  const looks = statuses.map((status) => {
    const { container } = render(<StatusBadge status={status} />);
    return { word: container.textContent, shape: container.querySelector('svg')?.innerHTML };
  });
  expect(looks.map(({ word }) => word)).toEqual(['Saved here', 'Sending', 'Sent', 'Needs you']);
  expect(new Set(looks.map(({ shape }) => shape)).size).toBe(4);
});

test('the words come from the catalogue that the provider was given', async () => {
  const messages = { ...english, savedHere: 'Lagret her' };
  render(
    <HoldfastProvider device={world.device} messages={messages}>
      <StatusBadge status="saved-here" />
    </HoldfastProvider>,
  );
  expect(screen.getByText('Lagret her')).toBeDefined();
});
