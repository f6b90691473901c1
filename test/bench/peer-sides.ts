import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { configSchema } from '../../src/config/schema.ts';
import { sourceOf } from '../../src/config/sources.ts';
import { copyArgs, isBetterAsked } from '../../src/rsync/arguments.ts';
import { lastTime } from './measure.ts';

/** The places of a comparison. `files` is the number of files in the source. */
export interface Places {
  readonly root: string;
  readonly source: string;
  readonly shell: string;
  readonly files: number;
}

/** One way to back up. */
export interface Side {
  readonly name: string;
  /** Without it, the side reads the source directly, which is an advantage. */
  readonly overSsh: boolean;
  /** The mirror, which must equal the source after each run; undefined for an archive. */
  readonly mirror?: string;
  /** Empties the target. */
  readonly begin: () => Promise<void>;
  /**
   * @param isFirst whether the target is empty
   * @returns seconds, if they are not those of the whole call
   */
  readonly backUp: (isFirst: boolean) => Promise<number | undefined>;
}

const quiet = { stdio: 'ignore' } as const;
const polite = ['-n19', '/usr/bin/ionice', '-c3'] as const;
const config = configSchema.parse({ source: 'root@127.0.0.1', key: { derivation: 'sha512' } });

/** All ways. The first one is what the others are compared with. */
export function sidesOf(places: Places): Side[] {
  const { root, source, shell, files } = places;
  const at = (name: string): string => join(root, name);
  const emptied =
    (name: string, then: () => Promise<unknown> = () => Promise.resolve()) =>
    async (): Promise<void> => {
      await rm(at(name), { recursive: true, force: true });
      await mkdir(at(name), { recursive: true });
      await then();
    };
  const rsync = (args: readonly string[]) =>
    execa('/usr/bin/nice', [...polite, '/usr/bin/rsync', `--rsh=${shell}`, ...args], quiet);
  const borg = (...args: string[]) =>
    execa('/usr/bin/borg', args, { ...quiet, env: { BORG_BASE_DIR: at('borg-home'), BORG_REPO: at('borg') } });
  const restic = (...args: string[]) =>
    execa('/usr/bin/restic', ['--repo', at('restic'), '--cache-dir', at('restic-home'), ...args], {
      ...quiet,
      env: { RESTIC_PASSWORD: 'bench' },
    });
  let archives = 0;
  return [
    {
      name: 'the tutorial',
      overSsh: true,
      mirror: at('tutorial'),
      begin: emptied('tutorial'),
      backUp: async () => {
        const args = ['-aH', '--numeric-ids', '--delete', '--delete-before', 'root@127.0.0.1:', at('tutorial')];
        await rsync(args);
        return undefined;
      },
    },
    {
      name: 'extbackup',
      overSsh: true,
      mirror: at('disk/backups'),
      begin: emptied('disk', () => mkdir(at('disk/backups'))),
      backUp: async (isFirst) => {
        const pull = join(import.meta.dirname, 'our-pull.ts');
        const args = ['--import', 'tsx', pull, root, String(files), String(isFirst)];
        const { stdout } = await execa(process.execPath, args);
        return (JSON.parse(stdout) as { seconds: number }).seconds; // the agent runs already when a disk is plugged in
      },
    },
    {
      name: 'rsync with the same options',
      overSsh: true,
      mirror: at('plain'),
      begin: emptied('plain'),
      backUp: async (isFirst) => {
        const isAsked = isBetterAsked({ ...(!isFirst && { lastTime: lastTime(files) }), isEmpty: isFirst });
        const args = copyArgs(config, sourceOf(config), { mirror: at('plain'), rsh: shell, isAsked });
        await rsync(args.filter((arg) => !/^--(?:out-format|debug|max-delete|rsh)/.test(arg)));
        return undefined;
      },
    },
    {
      name: 'cp -a, or rsync without a network',
      overSsh: false,
      mirror: at('copy'),
      begin: emptied('copy'),
      backUp: async (isFirst) => {
        if (isFirst) await execa('/usr/bin/cp', ['-a', `${source}/.`, at('copy')], quiet);
        else await execa('/usr/bin/rsync', ['-aHAX', '--delete', '--whole-file', `${source}/`, at('copy')], quiet);
        return undefined;
      },
    },
    {
      name: 'borg create',
      overSsh: false,
      begin: emptied('borg', async () => {
        await rm(at('borg-home'), { recursive: true, force: true });
        await borg('init', '--encryption', 'none');
      }),
      backUp: async () => {
        archives += 1;
        await borg('create', `::run-${String(archives)}`, source);
        return undefined;
      },
    },
    {
      name: 'restic backup',
      overSsh: false,
      begin: emptied('restic', async () => {
        await rm(at('restic-home'), { recursive: true, force: true });
        await restic('init');
      }),
      backUp: async () => {
        await restic('backup', source);
        return undefined;
      },
    },
  ];
}
