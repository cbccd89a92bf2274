import {
  type CuttableProxy,
  cuttableProxy,
  freshProfile,
  launchBrowser,
  removeProfile,
  type TestBrowser,
} from '@holdfast/testkit/browser';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { people } from '../src/people.ts';
import { eventually } from './lib/eventually.ts';
import { fieldbookPage } from './lib/fieldbook-page.ts';
import { type FieldbookServer, importedData, removeData, startServer } from './lib/fieldbook-server.ts';
import { startDevice } from './lib/node-device.ts';

let data: string;
let server: FieldbookServer;
let link: CuttableProxy;
let a: TestBrowser;
let b: TestBrowser;
const profiles: string[] = [];

async function launch(): Promise<TestBrowser> {
  const profile = await freshProfile();
  profiles.push(profile);
  return launchBrowser(profile);
}

beforeAll(async () => {
  data = await importedData();
  server = await startServer(data);
  link = await cuttableProxy({ port: server.port });
  [a, b] = [await launch(), await launch()];
}, 240_000);

afterAll(async () => {
  await a?.close();
  await b?.close();
  for (const profile of profiles) await removeProfile(profile);
  await link?.close();
  await server?.stop();
  if (data) await removeData(data);
});

const NEW = 'Ada Lovelace';
const PHONE = '555 0123';

const nameOf = (id: string) => people.find((person) => person.id === id)?.name ?? '';

test('[WR1, WR8, OB2, OB8, SY3, SY7, OP2] Fieldbook works offline, survives a kill, and brings the work home once', async () => {
  const address = `http://127.0.0.1:${link.port}/`;
  let app = fieldbookPage(await a.newPage(address));
  await app.choose(nameOf('mentor-01'));
  const before = await app.ids();
  const third = before[1] ?? '';
  expect(before.length).toBeGreaterThan(2);
  // The app itself has to be on the device before the link goes.
  await app.page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
  const other = fieldbookPage(await b.newPage(server.url));
  await other.choose(nameOf('coordinator'));

  await link.cut();
  await app.addPatient(NEW, '1990-12-10');
  const created = new URL(app.page.url()).hash.split('/').at(-1) ?? '';
  await app.addVisit('first visit');
  await app.open(third);
  await app.changePhone(PHONE);
  await eventually('the page says what is saved here', async () =>
    /3 entries saved here/.test((await app.linkState()) ?? ''),
  );
  await a.kill();

  a = await launchBrowser(profiles[0] ?? '');
  app = fieldbookPage(await a.newPage(address));
  await app.list();
  await app.page.getByText(NEW).first().waitFor();
  expect(await app.ids()).toContain(created);
  await eventually('the three entries are still here', async () =>
    /3 entries saved here/.test((await app.linkState()) ?? ''),
  );
  await app.open(created);
  await app.page.getByTestId('timeline').getByText('first visit').waitFor();

  await link.heal();
  await app.page.getByTestId('send-now').click();
  await eventually('everything is sent', async () => /Everything is sent/.test((await app.linkState()) ?? ''));
  expect(await app.page.getByTestId('badge').first().textContent()).toMatch(/Sent/);

  // Nobody asks on the other side: it hears of it. Rows that are being read keep their place.
  await eventually('the coordinator sees the new patient', async () => {
    await other.page
      .getByRole('button', { name: /Show \d+ new/ })
      .click({ timeout: 500 })
      .catch(() => undefined);
    await other.page
      .getByTestId('search')
      .locator('input')
      .fill(NEW)
      .catch(() => undefined);
    return (await other.patients.getByText(NEW).count()) === 1;
  });
  await other.open(created);
  await other.page.getByTestId('timeline').getByText('first visit').waitFor();
  await other.open(third);
  await other.page.getByRole('link', { name: PHONE }).waitFor();

  const oracle = await startDevice({
    folder: `${data}-oracle`,
    user: 'coordinator',
    url: server.url,
    token: await server.token('coordinator'),
  });
  expect((await oracle.sync()).ready).toBe(true);
  expect((await oracle.patients()).filter(({ name }) => name === NEW).map(({ id }) => id)).toEqual([created]);
  expect((await oracle.encounters()).filter(({ patientId }) => patientId === created)).toHaveLength(1);
  await oracle.close();
  expect([...a.pageErrors, ...b.pageErrors]).toEqual([]);
}, 240_000);
