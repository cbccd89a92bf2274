// @vitest-environment happy-dom
import { hasCode, type RecordId } from '@holdfast/core';
import { act, cleanup, render, renderHook, screen, waitFor } from '@testing-library/react';
import { Component, type ReactNode, StrictMode } from 'react';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { notebook, openTestDevice, type TestDevice } from '../test/open-test-device.ts';
import { HoldfastProvider } from './holdfast-provider.tsx';
import { hooksFor } from './hooks-for.ts';
import { useOutbox } from './use-outbox.ts';
import { useRecordStatus } from './use-record-status.ts';

const { useLive, useRecord, useWrite } = hooksFor(notebook);

let world: TestDevice;

beforeEach(async () => {
  world = await openTestDevice();
});

afterEach(async () => {
  cleanup();
  await world.device.close();
});

function Wrapper({ children }: { readonly children: ReactNode }) {
  return (
    <StrictMode>
      <HoldfastProvider device={world.device}>{children}</HoldfastProvider>
    </StrictMode>
  );
}

const write = (title: string, list = 'home') =>
  act(async () => {
    await world.device.write((tx) => tx.notes.create({ title, list }));
  });

const useTitles = (list: string) =>
  useLive((db) => db.selectFrom('notes').selectAll().where('list', '=', list).orderBy('title'), [list]);

test('[WR3] useLive shows a write as soon as it is made', async () => {
  const { result } = renderHook(() => useTitles('home'), { wrapper: Wrapper });
  expect(result.current).toBeUndefined();
  await waitFor(() => expect(result.current).toEqual([]));
  await write('milk');
  await waitFor(() => expect(result.current).toEqual([{ id: 'note-1', title: 'milk', list: 'home' }]));
});

test('[ST12] useLive keeps the identity of rows that did not change', async () => {
  await write('milk');
  const { result } = renderHook(() => useTitles('home'), { wrapper: Wrapper });
  await waitFor(() => expect(result.current).toHaveLength(1));
  const milk = result.current?.[0];
  await write('nails');
  await waitFor(() => expect(result.current).toHaveLength(2));
  expect(result.current?.[0]).toBe(milk);
});

test('useLive never shows the rows of one query under another', async () => {
  await write('milk', 'home');
  await write('paper', 'office');
  const seen: string[] = [];
  const { rerender } = renderHook(
    ({ list }) => {
      const rows = useTitles(list);
      seen.push(`${list}: ${rows === undefined ? '…' : rows.map(({ title }) => title).join()}`);
    },
    { wrapper: Wrapper, initialProps: { list: 'home' } },
  );
  await waitFor(() => expect(seen).toContain('home: milk'));
  rerender({ list: 'office' });
  await waitFor(() => expect(seen).toContain('office: paper'));
  expect(new Set(seen)).toEqual(new Set(['home: …', 'home: milk', 'office: …', 'office: paper']));
});

test('a live query runs once under StrictMode and ends with its component', async () => {
  const { result, unmount } = renderHook(() => useTitles('home'), { wrapper: Wrapper });
  await waitFor(() => expect(result.current).toEqual([]));
  expect(world.liveQueries()).toBe(1);
  unmount();
  expect(world.liveQueries()).toBe(0);
});

class Boundary extends Component<{ readonly children: ReactNode }, { readonly caught: string | null }> {
  override state = { caught: null };
  static getDerivedStateFromError(error: unknown) {
    return { caught: String(error) };
  }
  override render() {
    return this.state.caught === null ? this.props.children : <p>stopped: {this.state.caught}</p>;
  }
}

function Broken() {
  // biome-ignore lint/suspicious/noTsIgnore: a column that is not there is the point
  // @ts-ignore
  useLive((db) => db.selectFrom('notes').select('colour'), []);
  return <p>running</p>;
}

test('a query that fails is thrown to the nearest error boundary', async () => {
  render(
    <Wrapper>
      <Boundary>
        <Broken />
      </Boundary>
    </Wrapper>,
    { onCaughtError: () => undefined },
  );
  expect(await screen.findByText(/stopped: .*colour/)).toBeDefined();
});

test('useRecord is null where there is no record, then the record as it changes', async () => {
  const { result } = renderHook(() => useRecord('notes', 'note-1'), { wrapper: Wrapper });
  expect(result.current).toBeUndefined();
  await waitFor(() => expect(result.current).toBeNull());
  await write('milk');
  await waitFor(() => expect(result.current?.title).toBe('milk'));
  const id: RecordId<'notes'> = 'note-1';
  await act(async () => {
    await world.device.write((tx) => tx.notes.update(id, { title: 'oat milk' }));
  });
  await waitFor(() => expect(result.current?.title).toBe('oat milk'));
});

test('[WR2] useWrite rejects what does not fit, with every bad field named', async () => {
  const { result, rerender } = renderHook(() => useWrite(), { wrapper: Wrapper });
  const first = result.current;
  rerender();
  expect(result.current).toBe(first);
  const refused = await first((tx) => tx.notes.create({ title: '', list: 'home' })).catch((error: unknown) => error);
  expect(hasCode(refused, 'InvalidWrite')).toBe(true);
  expect(refused).toHaveProperty('issues.0.path', ['title']);
});

test('[OB7] useOutbox lists what was written, until the server has it', async () => {
  const { result } = renderHook(() => useOutbox(), { wrapper: Wrapper });
  await waitFor(() => expect(result.current).toEqual([]));
  await write('milk');
  await waitFor(() => expect(result.current).toHaveLength(1));
  expect(result.current?.[0]).toMatchObject({ kind: 'create', collection: 'notes', record: 'note-1' });
  world.link.up = true;
  await act(async () => {
    await world.device.sync();
  });
  await waitFor(() => expect(result.current).toEqual([]));
});

test('[OP2] useRecordStatus goes from saved here to sent', async () => {
  const { result } = renderHook(() => useRecordStatus('notes', 'note-1'), { wrapper: Wrapper });
  await write('milk');
  await waitFor(() => expect(result.current).toBe('saved-here'));
  world.link.up = true;
  await act(async () => {
    await world.device.sync();
  });
  await waitFor(() => expect(result.current).toBe('sent'));
});
