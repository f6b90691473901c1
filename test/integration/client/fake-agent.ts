import { mkdir, mkdtemp, readdir, readFile, rm, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { replySchema, statusSchema, type Reply, type RunStatus } from '../../../src/protocol/status.ts';
import { readProcessStart } from '../../../src/system/process-start.ts';
import { writeAtomically } from '../../../src/system/atomic-file.ts';
import { files, type Paths } from '../../../src/system/paths.ts';
import { requestSchema, type SpoolRequest } from '../../../src/protocol/spool-note.ts';

/** The agent's side of spool, replies and status, played by a test. */
export interface FakeAgent {
  readonly paths: Paths;
  /** Waits for the next request and takes it out of the spool. */
  nextRequest(): Promise<SpoolRequest>;
  reply(reply: Partial<Reply> & Pick<Reply, 'id' | 'state'>): Promise<void>;
  /** Says that this process is a running agent. */
  run(run?: RunStatus | null, pid?: number): Promise<void>;
  remove(): Promise<void>;
}

export async function createFakeAgent(): Promise<FakeAgent> {
  const top = await mkdtemp(join(tmpdir(), 'agent-'));
  const paths: Paths = {
    config: `${top}/etc/config.yaml`,
    etc: `${top}/etc`,
    state: `${top}/state`,
    run: `${top}/run/extbackup`,
    ramfs: `${top}/ramfs`,
    plaintext: `${top}/plaintext`,
  };
  await mkdir(files.spool(paths), { recursive: true });
  await mkdir(files.replies(paths), { recursive: true });
  return {
    paths,
    nextRequest: async () => {
      for (;;) {
        const [name] = await readdir(files.spool(paths));
        if (name !== undefined) {
          const file = join(files.spool(paths), name);
          const request = requestSchema.parse(JSON.parse(await readFile(file, 'utf8')));
          await unlink(file);
          return request;
        }
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    reply: (reply) =>
      writeAtomically(
        `${files.replies(paths)}/${reply.id}.json`,
        JSON.stringify(replySchema.parse({ version: 1, ...reply })),
        false,
      ),
    run: async (run = null, pid = process.pid) => {
      const status = statusSchema.parse({
        version: 1,
        agent: 'running',
        key: 'loaded',
        drives: [],
        run,
        warnings: [],
        updatedAt: new Date().toISOString(),
        pid,
        pidStartTime: (await readProcessStart(pid)) ?? '',
      });
      await writeAtomically(files.status(paths), JSON.stringify(status), false);
    },
    remove: () => rm(top, { recursive: true }),
  };
}
