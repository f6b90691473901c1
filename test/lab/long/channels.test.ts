import { beforeAll, expect, it } from 'vitest';
import { noticeSchema } from '../../../src/notify/notice-schema.ts';
import { addSettings, waitForState } from '../stories/operator.ts';
import { useStation } from '../stories/use-station.ts';

/** One real run, told in German through every kind of channel to real receivers; then each of them is tried. */
const lab = useStation('BACKUP_1');

interface Received {
  readonly to: string;
  readonly status?: number;
  readonly body?: string;
  readonly subject?: string;
  readonly tls?: string;
  readonly plain?: string;
  readonly html?: string;
}
const received = async (to: string): Promise<Received[]> =>
  (await lab.guest.ask('cat /run/received 2>/dev/null || true'))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Received)
    .filter((request) => request.to === to);
const jsonAt = async (to: string): Promise<Record<string, unknown>> =>
  JSON.parse((await received(to)).at(-1)?.body ?? '{}') as Record<string, unknown>;
const tried = async (...channel: string[]) => {
  const { stdout } = await lab.guest.run(['extbackup', 'notify', 'test', ...channel, '--json'], {
    okCodes: 'any',
    timeoutMs: 180_000,
  });
  return JSON.parse(stdout) as { channel: string; delivered: boolean; said: string }[];
};

beforeAll(async () => {
  await lab.server.shell('mkdir -p /backups; cd /backups; for i in $(seq 20); do echo "letter $i" > $i.txt; done');
  await lab.guest.copyIn(`${import.meta.dirname}/receivers.py`, '/root/receivers.py');
  await lab.guest.shell(`umask 077; cd /etc/extbackup
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /root/mail.key -out own-ca.pem \
      -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
    printf 'geheim-42\\n' > smtp_password; printf 'tk_phone\\n' > ntfy_token
    printf 'ops=json://127.0.0.1:8080/apprise\\n' > apprise.conf
    systemd-run --quiet --unit receivers python3 /root/receivers.py /etc/extbackup/own-ca.pem /root/mail.key 4465 8080 /run/received
    while ! ss -ltn | grep -q 8080 || ! ss -ltn | grep -q 4465; do sleep 0.1; done`);
  await addSettings(
    lab,
    `language: de
contact: 'Ann, +41 44 000 00 00'
notify:
  - {type: mail, name: mail, to: root, from: station@example.org, host: localhost, port: 4465, tls: implicit, user: station, passwordFile: /etc/extbackup/smtp_password, caFile: /etc/extbackup/own-ca.pem}
  - {type: ntfy, name: phone, server: 'http://127.0.0.1:8080/ntfy', topic: disks, tokenFile: /etc/extbackup/ntfy_token}
  - {type: webhook, name: hook, url: 'http://127.0.0.1:8080/hook'}
  - {type: webhook, name: broken, url: 'http://127.0.0.1:8080/broken'}
  - {type: webhook, name: silent, url: 'http://127.0.0.1:8080/never', timeout: 5s}
  - {type: apprise, name: many, config: /etc/extbackup/apprise.conf, tags: [ops]}`,
  );
});

it('a good run is told in German everywhere, whatever other channels do', async () => {
  await lab.guest.plug(lab.disk);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
  for (const to of ['mail', '/ntfy', '/hook', '/apprise'])
    await lab.guest.waitFor(`the notice at ${to}`, async () => (await received(to)).length > 0, 120_000);
  const subject = 'BACKUP_1 ist fertig, darf ausgesteckt werden';
  const [mail] = await received('mail');
  expect(mail).toMatchObject({ subject: `[station] ${subject}`, tls: expect.stringMatching(/^TLS/) as string });
  expect(mail?.plain).toMatch(
    /^Die Sicherung auf die Platte BACKUP_1 ist vollständig\.\nDie Platte ist geschlossen\. Sie können sie ausstecken\.\nKopiert: 20 Dateien \(/,
  );
  expect(mail?.plain).toMatch(/\n-- \nextbackup auf station, \p{L}+tag, \d+\. \p{L}+ \d{4}, \d\d:\d\d Uhr \(/u);
  expect(mail?.html).toMatch(/<div style="background:#1a7f37[^>]*>DARF AUSGESTECKT WERDEN/);

  expect(await jsonAt('/ntfy')).toMatchObject({ topic: 'disks', title: `[station] ${subject}`, priority: 2 });
  const notice = noticeSchema.parse(await jsonAt('/hook'));
  expect(notice).toMatchObject({ subject, language: 'de', unplug: 'safe', kind: 'success' });
  expect(await jsonAt('/apprise')).toMatchObject({
    ...{ title: `[station] ${subject}`, type: 'success' },
    message: expect.stringContaining('Sie können sie ausstecken.') as string,
  });
});

it('notify test says what each receiver answered', async () => {
  expect(await tried()).toEqual([
    expect.objectContaining({ channel: 'mail', delivered: true, said: '250 taken as number 7' }),
    expect.objectContaining({
      ...{ channel: 'phone', delivered: true },
      said: '127.0.0.1:8080 answered 200: {"id": "n7", "event": "message", "topic": "[secret]"}',
    }),
    expect.objectContaining({ channel: 'hook', delivered: true, said: '127.0.0.1:8080 answered 200: {}' }),
    expect.objectContaining({
      ...{ channel: 'broken', delivered: false },
      said: '127.0.0.1:8080 answered 500: {"error": "out of order"}',
    }),
    expect.objectContaining({
      ...{ channel: 'silent', delivered: false },
      said: '127.0.0.1:8080 did not answer within 5 s',
    }),
    expect.objectContaining({ channel: 'many', delivered: true }),
  ]);
  expect((await received('mail')).at(-1)?.subject).toBe('[station] Das ist ein Test, es ist nichts passiert');
  expect(await jsonAt('/apprise')).toMatchObject({ type: 'info' });
});

it('a wrong password or token is told, and no secret with it', async () => {
  await lab.guest.shell(
    "printf 'another-1\\n' > /etc/extbackup/smtp_password; printf 'tk_other\\n' > /etc/extbackup/ntfy_token",
  );
  const [mail] = await tried('mail');
  expect(mail).toMatchObject({ delivered: false, said: expect.stringContaining('535 not known') as string });
  const [phone] = await tried('phone');
  expect(phone).toMatchObject({ delivered: false, said: expect.stringContaining('answered 401') as string });
  const told = await lab.guest.ask(
    "journalctl -o cat --no-pager -u extbackup -u 'extbackup-courier@*'; cat /run/extbackup/status.json",
  );
  expect(told).toContain('answered 500');
  expect(told).not.toMatch(/geheim-42|another-1|tk_phone|tk_other/);
});
