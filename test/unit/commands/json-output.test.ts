import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readVerbs } from '../../../debian/command-tree.ts';
import { outputJsonSchemas } from '../../../debian/output-json-schemas.ts';
import { approveCommand } from '../../../src/commands/approve.ts';
import { checkCommand } from '../../../src/commands/check.ts';
import { configCommand } from '../../../src/commands/config.ts';
import { doctorCommand } from '../../../src/commands/doctor.ts';
import { driveListCommand } from '../../../src/commands/drive-list.ts';
import { driveForgetCommand, driveLostCommand, driveRetireCommand } from '../../../src/commands/drive-state.ts';
import { historyCommand } from '../../../src/commands/history.ts';
import { jsonOutputs } from '../../../src/commands/json-output.ts';
import { pauseCommand, resumeCommand } from '../../../src/commands/pause.ts';
import { reportCommand } from '../../../src/commands/report.ts';
import { statusCommand } from '../../../src/commands/status.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { noCounts, type Hold } from '../../../src/guard/hold.ts';
import { createActionLog } from '../../../src/records/action-log.ts';
import { createDriveRegistry } from '../../../src/records/drive-registry.ts';
import { createRunLog } from '../../../src/records/run-log.ts';
import { runRecordSchema } from '../../../src/records/run-record.ts';
import { files, type Paths } from '../../../src/system/paths.ts';
import type { CliContext } from '../../../src/terminal/cli-context.ts';
import { aRecord } from '../disk/devices.ts';

const top = mkdtempSync(join(tmpdir(), 'json-output-'));
const paths: Paths = {
  config: `${top}/etc/config.yaml`,
  etc: `${top}/etc`,
  state: `${top}/state`,
  run: `${top}/run`,
  ramfs: `${top}/ramfs`,
  plaintext: `${top}/plaintext`,
};
type Schema = Exclude<Parameters<typeof z.fromJSONSchema>[0], boolean>;
const schemas = new Map(outputJsonSchemas().map(({ command, text }) => [command, JSON.parse(text) as Schema]));

/** The server's heartbeat was too old: nothing was changed, so the disk has no report. */
const hold: Hold = {
  ...{ runId: 'r0', at: '2026-02-01T10:00:00Z', reason: 'The heartbeat is too old.', counts: noCounts },
  ...{ attestation: 'stale', approved: null },
};

beforeAll(async () => {
  for (const name of ['etc', 'state', 'run', 'ramfs', 'fleet']) mkdirSync(`${top}/${name}`, { mode: 0o700 });
  writeFileSync(paths.config, 'source: extbackup@backup.example.org\nkey: { derivation: sha512 }\n', { mode: 0o600 });
  writeFileSync(`${top}/fleet/cellar.json`, '{}');
  await createDriveRegistry(files.drives(paths)).update(() => [
    aRecord(),
    aRecord({ label: 'B2', luksUuid: 'other', hold }),
    aRecord({ label: 'B3', luksUuid: 'third' }),
  ]);
  await createActionLog(paths).append({
    ...{ at: '2026-03-01T11:00:00Z', kind: 'drill', drive: 'BACKUP_1', by: 'anna', result: '20 files restored' },
  });
  await createRunLog(files.runs(paths)).append(
    runRecordSchema.parse({
      id: 'r1',
      drive: 'BACKUP_1',
      trigger: 'request',
      startedAt: '2026-03-01T10:00:00Z',
      endedAt: '2026-03-01T10:00:42Z',
      outcome: 'success',
      exitCode: 0,
      code: null,
      message: '',
      released: true,
      tookMs: 42_000,
    }),
  );
});
afterAll(() => {
  rmSync(top, { recursive: true });
});

/** What a command prints with --json. */
async function printed(...words: string[]): Promise<unknown> {
  const out: string[] = [];
  const context: CliContext = {
    paths,
    version: '0',
    start: () => Promise.resolve({ exitCode: 0, stdout: '{"blockdevices":[]}', stderr: '' }),
    loadConfig: () => loadConfig(paths.config),
    print: (text) => out.push(text),
    note: () => undefined,
    exitWith: () => undefined,
  };
  const makers = {
    status: statusCommand,
    history: historyCommand,
    pause: pauseCommand,
    resume: resumeCommand,
    approve: approveCommand,
    lost: driveLostCommand,
    retire: driveRetireCommand,
    forget: driveForgetCommand,
    doctor: doctorCommand,
    check: checkCommand,
    list: driveListCommand,
    report: reportCommand,
    config: configCommand,
  };
  const [verb = '', ...others] = words;
  await makers[verb as keyof typeof makers](context).parseAsync([...others, '--json'], { from: 'user' });
  return JSON.parse(out.join('\n'));
}

describe('the JSON Schema', () => {
  it.each([
    ['status', ['status']],
    ['history', ['history']],
    ['history --actions', ['history', '--actions']],
    ['pause', ['pause', '--for', '1h']],
    ['resume', ['resume']],
    ['approve --show', ['approve', 'B2', '--show']],
    ['drive lost', ['lost', 'B3']],
    ['drive retire', ['retire', 'B3', '--undo']],
    ['drive forget', ['forget', 'B3', '--yes']],
    ['doctor', ['doctor']],
    ['check', ['check']],
    ['drive list', ['list']],
    ['report', ['report']],
    ['report --from', ['report', '--from', `${top}/fleet`]],
    ['config check', ['config', 'check']],
    ['config show', ['config', 'show']],
  ] as const)('of %s fits what the command prints, and describes each field', async (command, words) => {
    if (/^(?:drive|report|pause|resume|approve)\b/.test(command) && process.getuid?.() !== 0) return; // only root may read the records
    const output = await printed(...words);
    const installed = z.fromJSONSchema(schemas.get(command) ?? {});
    expect(installed.safeParse(output).error).toBeUndefined();
    expect(jsonOutputs[command].schema.parse(output)).toEqual(output); // which leaves out what it does not describe
    if (command !== 'config show') expect(installed.safeParse({ nothing: 'of it' }).success).toBe(false);
  });

  it('is there for every command with --json', async () => {
    const withJson = (await readVerbs())
      .filter(({ options }) => options.some(({ name }) => name === '--json'))
      .map(({ name }) => name);
    expect([...new Set([...schemas.keys()].map((name) => name.replace(/ --.*/, '')))].sort()).toEqual(withJson.sort());
  });

  it('allows fields that a later version adds', () => {
    const later = { version: 1, severity: 'ok', text: '', since: 'later' };
    expect(z.fromJSONSchema(schemas.get('check') ?? {}).safeParse(later).success).toBe(true);
  });
});
