import { ask, freshProfile, launchBrowser, serveStoragePages } from '@holdfast/testkit/browser';
import { test } from 'vitest';
test('debug', async () => {
  const pages = await serveStoragePages('build');
  const browser = await launchBrowser(await freshProfile());
  const page = await browser.newPage(pages.url);
  const writer = await browser.newPage(pages.url);
  for (const [n, p] of [['page', page], ['writer', writer]] as const) {
    p.on('console', (m) => console.log(n, m.text()));
    p.on('worker', (w) => w.on('console', (m) => console.log(n, 'w', m.text())));
    for (const w of p.workers()) w.on('console', (m) => console.log(n, 'w', m.text()));
  }
  let last = 0;
  await writer.exposeFunction('acknowledged', (b: number) => { last = b; });
  await ask(page, 'open', 'x');
  for (let round = 0; round < 10; round++) {
    const t = performance.now();
    const log = (s: string) => console.log(round, s, Math.round(performance.now() - t), last, browser.pageErrors);
    await Promise.race([(async () => {
      await ask(writer, 'open', 'x'); log('opened');
      await ask(writer, 'startWriting'); log('writing');
      await new Promise((r) => setTimeout(r, 100 + 7 * round)); log('waited');
      await writer.evaluate(() => window.replaceWorker()); log('replaced');
      console.log(JSON.stringify(await ask(page, 'inspect'))); log('inspected');
    })(), new Promise((r) => setTimeout(r, 15000))]);
    log('end');
  }
  await browser.close(); await pages.close();
}, 300000);
