import { createHmac } from 'node:crypto';
import { beforeAll, expect, it } from 'vitest';
import { noticeSchema } from '../../../src/notify/notice-schema.ts';
import { addSettings, takeOut, waitForState, waitUntilGone } from '../stories/operator.ts';
import { useStation } from '../stories/use-station.ts';

/** Notices by HTTP from the courier's unit to real receivers; a failing receiver is reported. */
const lab = useStation('BACKUP_1');

interface Received {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
const received = async (path: string): Promise<Received[]> =>
  (await lab.guest.ask('cat /run/received 2>/dev/null || true'))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Received)
    .filter((request) => request.path.startsWith(path));
const kindsAt = async (path: string): Promise<unknown[]> =>
  (await received(path)).map(({ body }) => (JSON.parse(body) as { kind: unknown }).kind);
const extbackup = (...args: readonly string[]) =>
  lab.guest.run(['extbackup', ...args], { okCodes: 'any', timeoutMs: 180_000 });

beforeAll(async () => {
  await lab.server.shell(
    'mkdir -p /backups/office /backups/plans; cd /backups; for i in $(seq 150); do echo "letter $i" | tee office/$i.txt > plans/$i.txt; done',
  );
  await lab.guest.copyIn(`${import.meta.dirname}/http-receiver.py`, '/root/http-receiver.py');
  await lab.guest
    .shell(`umask 077; printf 'the key\\n' > /etc/extbackup/hmac; printf 'tk_token\\n' > /etc/extbackup/token
    systemd-run --quiet --unit http-receiver python3 /root/http-receiver.py 8080 /run/received
    while ! ss -ltn | grep -q 8080; do sleep 0.1; done`);
  await addSettings(
    lab,
    `contact: Ann, in the office
notify:
  - {type: webhook, url: 'http://127.0.0.1:8080/hook', secretFile: /etc/extbackup/hmac, events: [started, success, failure]}
  - {type: ntfy, server: 'http://127.0.0.1:8080/ntfy', topic: disks, tokenFile: /etc/extbackup/token, events: [success]}
  - {type: ping, url: 'http://127.0.0.1:8080/ping/uuid'}`,
  );
});

it('each receiver hears of the beginning and of the good end as it wants to', async () => {
  await lab.guest.plug(lab.disk);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
  await lab.guest.waitFor('the sign of life', async () => (await received('/ping')).length === 2, 60_000);
  expect((await received('/ping')).map(({ path }) => path)).toEqual(['/ping/uuid/start', '/ping/uuid']);
  expect((await received('/ping'))[1]?.body).toContain('300 files copied');
  await lab.guest.waitFor('the webhook', async () => (await received('/hook')).length === 2, 60_000);
  expect(await kindsAt('/hook')).toEqual(['started', 'success']);
  for (const { headers, body } of await received('/hook')) {
    expect(noticeSchema.parse(JSON.parse(body))).toMatchObject({ drive: 'BACKUP_1' });
    expect(headers['x-extbackup-signature'] ?? headers['X-Extbackup-Signature']).toBe(
      `sha256=${createHmac('sha256', 'the key').update(body).digest('hex')}`,
    );
  }
  const [push] = await received('/ntfy');
  expect(JSON.parse(push?.body ?? '')).toMatchObject({ topic: 'disks', priority: 2 });
  expect(Object.values(push?.headers ?? {})).toContain('Bearer tk_token');
  expect((await extbackup('doctor')).stdout).toMatch(/ok +notices/);
});

it('a failed run and a held one reach everybody, also who did not list held', async () => {
  await takeOut(lab, lab.disk);
  await lab.server.shell('mv /backups /away');
  await lab.guest.plug(lab.disk);
  await waitForState(lab, 'BACKUP_1', ['failed', 'waiting-for-server']);
  await lab.guest.waitFor('the failure', async () => (await kindsAt('/hook')).at(-1) === 'failure', 60_000);
  await lab.server.shell('mv /away /backups; rm -r /backups/office');
  await takeOut(lab, lab.disk);
  await waitUntilGone(lab);
  await lab.guest.plug(lab.disk);
  await waitForState(lab, 'BACKUP_1', ['held']);
  await lab.guest.waitFor('the question', async () => (await kindsAt('/hook')).at(-1) === 'held', 60_000);
  const notice = noticeSchema.parse(JSON.parse((await received('/hook')).at(-1)?.body ?? ''));
  expect(notice).toMatchObject({ kind: 'held', priority: 'urgent', event: 'run:held' });
  expect(notice.text).toContain('Who to call: Ann, in the office');
  await lab.guest.waitFor('the ping', async () => (await received('/ping')).at(-1)?.path === '/ping/uuid/fail', 60_000);
  await lab.guest.waitFor(
    'the push',
    async () => (JSON.parse((await received('/ntfy')).at(-1)?.body ?? '{}') as { priority?: unknown }).priority === 5,
    60_000,
  );
});

it('a receiver that answers 500, and one that is gone, are shown by notify test, status and doctor', async () => {
  await lab.guest.shell("sed -i 's#8080/hook#8080/broken#' /etc/extbackup/config.yaml");
  const tried = await extbackup('notify', 'test', '--json');
  expect(tried.exitCode).toBe(3);
  expect(JSON.parse(tried.stdout)).toMatchObject([
    { type: 'webhook', delivered: false, said: '127.0.0.1:8080 answered 500' },
    { type: 'ntfy', delivered: true },
    { type: 'ping', delivered: true },
  ]);
  expect((await received('/ping')).at(-1)?.path).toBe('/ping/uuid/log');

  await lab.guest.run(['extbackup', 'run'], { okCodes: 'any', timeoutMs: 240_000 });
  const failing =
    /Notices +webhook at 127\.0\.0\.1:8080: FAILS since .*1 notice undelivered: 127\.0\.0\.1:8080 answered 500/;
  await lab.guest.waitFor('the status', async () => failing.test((await extbackup('status')).stdout), 120_000);
  expect((await extbackup('doctor')).stdout).toMatch(/WARN +notices +Not everybody is told: webhook.*answered 500/);

  await lab.guest.shell('systemctl stop http-receiver');
  const { stdout } = await extbackup('doctor');
  expect(stdout).toMatch(/FAIL +notices +Nobody is told: .*ECONNREFUSED/);
  expect(stdout).not.toContain('Everything is well.');

  await lab.guest.shell(`systemd-run --quiet --unit http-receiver-2 python3 /root/http-receiver.py 8080 /run/received
    sed -i 's#8080/broken#8080/hook#' /etc/extbackup/config.yaml`);
  await lab.guest.waitFor(
    'what waited',
    async () => (await received('/hook')).some(({ body }) => body.includes('This comes late')),
    120_000,
  );
  await lab.guest.waitFor('a good state', async () => !(await extbackup('status')).stdout.includes('FAILS'), 60_000);
});

it('a disk without a LUKS volume is told once, with the disk that it may be, and is not touched', async () => {
  await takeOut(lab, lab.disk);
  await waitUntilGone(lab);
  await addSettings(lab, 'usb: {warnAfter: 4s}');
  const refusals = async (): Promise<string[]> =>
    (await received('/ping')).filter(({ path }) => path.endsWith('/log')).map(({ body }) => body);
  await lab.guest.shell("sed -i '/type: ping/s#}$#, events: [refusal]}#' /etc/extbackup/config.yaml");
  const before = (await refusals()).length;
  const blank = await lab.newDisk({ name: 'BLANK', sizeMb: 64 });
  await lab.guest.plug(blank);
  await lab.guest.waitFor('the refusal', async () => (await refusals()).length > before, 60_000);
  expect((await refusals()).at(-1)).toMatch(
    /^A disk without a backup is plugged in\n\nA disk without a LUKS volume was plugged in \(sd[a-z], 67\.1 MB, nothing recognised\)/,
  );
  expect((await extbackup('status')).stdout).toContain('A disk without a LUKS volume');
  await lab.guest.unplug(blank);
});

it('no secret is in the journal or the status', async () => {
  const told = await lab.guest.ask(
    "journalctl -o cat --no-pager -u extbackup -u 'extbackup-courier@*'; cat /run/extbackup/status.json; ls /run/extbackup/courier",
  );
  expect(told).toContain('answered 500');
  expect(told).not.toMatch(/tk_token|the key|uuid/);
});
