import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { serversOf, sourcesOf, type PullSource } from '../config/sources.ts';
import { describeHeartbeat, judgeHeartbeat, spanOf } from '../guard/heartbeat.ts';
import { pinHostKey, pinnedHostKeys } from '../keys/host-key.ts';
import { hostsOf } from '../setup/settle-host-key.ts';
import { checkAddresses } from './address-check.ts';
import { tryCommand, tryWriting } from '../setup/try-server.ts';
import { identityFile } from '../keys/ssh-key.ts';
import { readIfThere } from '../system/atomic-file.ts';
import type { FetchedFile } from '../rsync/order.ts';
import { fetchFile } from '../rsync/fetch-file.ts';
import { pullError } from '../rsync/failure.ts';
import { serverName } from '../rsync/arguments.ts';
import { startInBox } from '../rsync/connect-in-box.ts';
import { workDirectory } from '../history/work-directory.ts';
import { wayTo } from '../rsync/way.ts';
import { fail, ok, warn, type Check, type ConfiguredPatient, type Finding, type Verdict } from './check.ts';
import { withJoinedSignal } from '../system/joined-signal.ts';

/** The finding of one check, or of its part for one server. */
type Result = Omit<Finding, 'name'>;

/** Whether the backup server is the right one, and lets this station read and do nothing else. */
export const serverChecks: readonly Check<ConfiguredPatient>[] = [
  {
    name: 'host-key',
    check: ({ config, start, fix }) =>
      checkEach(
        hostsOf(config),
        ({ host }) => host,
        async (server) => {
          const { host, port } = server;
          const pinned = await pinnedHostKeys(config.ssh.knownHosts, server);
          if (pinned.length > 0)
            return ok(`The server's host key is pinned (${pinned.map(({ fingerprint }) => fingerprint).join(', ')}).`);
          if (!fix)
            return fail(
              `The host key of ${host} is not pinned yet.`,
              'When the server is reachable: extbackup doctor --fix ; then compare the fingerprint.',
            );
          const fresh = await pinHostKey(start, config.ssh.knownHosts, server, 'all');
          if (fresh.length === 0)
            return fail(
              `The server ${host} does not answer at port ${port}, so its host key was not pinned.`,
              'Check that it is on, and the name and the port in the settings.',
            );
          return warn(
            `Pinned now: ${fresh.map(({ type, fingerprint }) => `${fingerprint} (${type})`).join(', ')}.`,
            'Compare it on the server: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub',
          );
        },
      ),
  },
  {
    name: 'addresses',
    check: async ({ config, start }) => {
      const servers = hostsOf(config).filter(({ addresses }) => addresses !== undefined);
      if (servers.length === 0) return ok('Each server has one address (setting addresses).');
      return checkEach(
        servers,
        ({ host }) => host,
        (server) => checkAddresses(start, config.ssh.knownHosts, server),
      );
    },
  },
  {
    name: 'server',
    check: (patient) => checkEach(serversOf(patient.config), serverName, (server) => tryCommand(patient, server)),
  },
  {
    name: 'server-read-only',
    check: (patient) => checkEach(serversOf(patient.config), serverName, (server) => tryWriting(patient, server)),
  },
  {
    name: 'heartbeat',
    check: async (patient) => {
      const watched = sourcesOf(patient.config).filter(({ attestation }) => attestation !== undefined);
      if (watched.length === 0) return ok("Not checked: whether the server's own backup ran (setting attestation).");
      const identity = identityFile(patient.paths, patient.config.ssh);
      if ((await readIfThere(identity)) === undefined)
        return warn(
          "Not checked: the server's heartbeat, because the ssh key is not loaded.",
          'Load it: extbackup unlock',
        );
      const isNew = (one: PullSource, index: number): boolean =>
        watched.findIndex((other) => isSameHeartbeat(one, other)) === index;
      return checkEach(watched.filter(isNew), serverName, (source) => checkHeartbeat(patient, source, identity));
    },
  },
];

const verdicts: readonly Verdict[] = ['ok', 'warn', 'fail'];

/** Checks one server after the other. The worst finding counts; with several servers, each is named. */
async function checkEach<Server>(
  servers: readonly Server[],
  nameOf: (server: Server) => string,
  checkOne: (server: Server) => Promise<Result>,
): Promise<Result> {
  const found: { readonly name: string; readonly finding: Result }[] = [];
  for (const server of servers) found.push({ name: nameOf(server), finding: await checkOne(server) });
  const [first] = found;
  if (first && found.length === 1) return first.finding;
  const worst = Math.max(...found.map(({ finding }) => verdicts.indexOf(finding.verdict)));
  return {
    verdict: verdicts[worst] ?? 'fail',
    happened: found.map(({ name, finding }) => `${name}: ${finding.happened}`).join(' '),
    todo: found
      .filter(({ finding }) => finding.todo !== '')
      .map(({ name, finding }) => `${name}: ${finding.todo}`)
      .join(' '),
  };
}

const isSameHeartbeat = (one: PullSource, other: PullSource): boolean =>
  serverName(one) === serverName(other) &&
  one.port === other.port &&
  one.attestation?.file === other.attestation?.file &&
  one.attestation?.id === other.attestation?.id;

async function checkHeartbeat(patient: ConfiguredPatient, source: PullSource, identity: string): Promise<Result> {
  const { attestation } = source;
  if (attestation === undefined) return ok('');
  const {
    trouble,
    content,
    at: server = serverName(source),
  } = await fetchToRam(patient, source, attestation.file, identity);
  if (trouble !== undefined) {
    const { message, todo } = pullError(trouble, server, undefined);
    return fail(`The heartbeat of the server could not be read. ${message}`, todo);
  }
  const finding = judgeHeartbeat(content, attestation, patient.now);
  if (finding.trouble === undefined)
    return ok(
      `The backup job on ${server} has run; its last heartbeat is ${spanOf(Math.max(0, finding.ageMs ?? 0))} old.`,
    );
  const { happened, todo } = describeHeartbeat(server, { ...finding, trouble: finding.trouble });
  return fail(`The next run will be held: ${happened}`, todo);
}

/** Below /run, so that no data of the server reaches the station's own disk. */
async function fetchToRam(
  { config, paths, start }: ConfiguredPatient,
  source: PullSource,
  path: string,
  identityFile: string,
): Promise<FetchedFile> {
  const top = await mkdtemp(join(paths.run, 'doctor-'));
  try {
    const { rsh, server } = await wayTo(source, config.ssh, identityFile);
    const inBox = await startInBox(start, config.ssh, identityFile, { top, writable: [workDirectory] });
    const fetched = await withJoinedSignal([], 120_000, (signal) =>
      fetchFile(inBox, { config, source, path, top, rsh }, signal),
    );
    return { ...fetched, at: server };
  } finally {
    await rm(top, { recursive: true, force: true });
  }
}
