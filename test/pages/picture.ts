/** Makes the picture of the README: tsx test/pages/picture.ts */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reportPage } from '../../src/report/report-page.ts';
import { english } from '../../src/words/speaker.ts';
import { stationFacts } from './a-station.ts';
import { startBrowser } from './browser.ts';

const target = new URL('../../docs/report.png', import.meta.url).pathname;
const [width, height] = [960, 680];
const directory = await mkdtemp(join(tmpdir(), 'extbackup-picture-'));
const browser = await startBrowser();
try {
  await writeFile(join(directory, 'report.html'), reportPage(stationFacts(english), english));
  await browser.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
  await browser.send('Emulation.setScrollbarsHidden', { hidden: true });
  await browser.open(join(directory, 'report.html'));
  const { data } = await browser.send('Page.captureScreenshot', { format: 'png' });
  await writeFile(target, Buffer.from(String(data), 'base64'));
  console.log(`Written: ${target}`);
} finally {
  await browser.close();
  await rm(directory, { recursive: true });
}
