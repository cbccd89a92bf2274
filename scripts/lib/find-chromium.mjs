import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { Problem, step } from './problem.mjs';
import { run } from './run.mjs';

const USUAL_PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** The browser that the browser tests run in: named by CHROMIUM, found, or (as root on Debian) installed. */
export async function findChromium() {
  const named = process.env.CHROMIUM;
  if (named) {
    if (await isProgram(named)) return named;
    throw new Problem(`CHROMIUM names ${named}, which is no program: name the browser's own file.`);
  }
  const found = await firstProgram();
  if (found) return found;
  if (await canInstall()) {
    step('Installing Chromium for the browser tests.');
    const updated = await run('apt-get', ['update']);
    if (updated.code === 0) await run('apt-get', ['install', '-y', 'chromium']);
    const installed = await firstProgram();
    if (installed) return installed;
  }
  throw new Problem(
    'The browser tests need Chromium: install it (on Debian as root: apt-get update && apt-get install -y chromium), or name it with CHROMIUM, then run the same again.',
  );
}

async function firstProgram() {
  for (const path of USUAL_PLACES) if (await isProgram(path)) return path;
  return null;
}

async function isProgram(path) {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function canInstall() {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return process.getuid?.() === 0 && /^ID(_LIKE)?=.*debian/m.test(release);
}
