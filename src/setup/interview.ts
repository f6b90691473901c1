import type { Config } from '../config/schema.ts';
import { knownAddresses } from './settle-host-key.ts';
import { parseSource, sourceText } from '../config/source-schema.ts';
import { channelName } from '../notify/channel-name.ts';
import { UsageError } from '../errors.ts';
import { pinnedHostKeys, scanHostKeys, type HostKey, type PinnedServer } from '../keys/host-key.ts';
import { files } from '../system/paths.ts';
import { askKeeping, askLine, askYes } from '../terminal/ask-question.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { threeTries } from '../terminal/three-tries.ts';
import { cadenceText, channelFrom, checkCadence, portFrom, type ChannelAnswer } from './answers.ts';
import { probeServer } from './probe-server.ts';

/** Values from flags; a person is asked for the missing ones. */
export interface Answers {
  readonly source: string | undefined;
  readonly port: number | undefined;
  /** How long a disk may go without a backup, as the settings write it. */
  readonly every: string | undefined;
  /** undefined adds no channel. */
  readonly notify: ChannelAnswer | undefined;
  /** Directory on the server that the station may read. */
  readonly directory: string | undefined;
  /** Host keys that a person has recognised. */
  readonly recognised?: { readonly server: PinnedServer; readonly keys: readonly HostKey[] } | undefined;
}

/**
 * Asks for everything but the password, before anything is written; three tries for each. Present values are offered.
 * @param trusted whether flags say which host key is the right one
 * @throws UsageError after three slips, CancelledError on Ctrl-C
 */
export async function interview(
  context: CliContext,
  flags: Answers,
  present: Config | undefined,
  trusted: boolean,
): Promise<Answers> {
  if (present) context.note('This station is set up already. Enter alone keeps what stands in brackets.');
  const server: ServerAnswer = present?.sources === undefined ? await askServer(context, flags, present) : flags;
  const recognised = trusted || server.isAway ? undefined : await askHostKey(context, server, present);
  const every = flags.every ?? (await askCadence(present));
  const notify = flags.notify ?? (await askChannel(present));
  const directory = flags.directory ?? (present === undefined ? await askDirectory() : undefined);
  // Unchanged values are not written: a default would get into the settings.
  const unless = <T>(answer: T, there: T | undefined): T | undefined => (answer === there ? undefined : answer);
  return {
    source: unless(server.source, present?.source),
    port: unless(server.port, present?.port),
    every: present === undefined ? every : unless(every, cadenceText(present)),
    notify,
    directory,
    recognised,
  };
}

interface ServerAnswer {
  readonly source: string | undefined;
  readonly port: number | undefined;
  /** It could not be reached, but the person keeps it. */
  readonly isAway?: boolean;
}

/** Host and port are tried at once: a misspelt one would be found days later. */
async function askServer(context: CliContext, flags: Answers, present: Config | undefined): Promise<ServerAnswer> {
  let isAgain = false;
  let last = { source: flags.source ?? present?.source ?? '', port: flags.port ?? present?.port ?? 22 };
  return threeTries(async () => {
    const isGiven = !isAgain && flags.source !== undefined;
    isAgain = true;
    const source = isGiven
      ? last.source
      : await askKeeping('Backup server (USER@HOST or USER@HOST:PATH):', last.source);
    checkSourceAnswer(source);
    last = { ...last, source };
    const port = isGiven ? last.port : portFrom(await askKeeping('Its ssh port:', String(last.port)));
    last = { source, port };
    if (present?.ssh.options.some((option) => /^Proxy/i.test(option)) === true) return last; // not to be tried directly
    const host = parseSource(source)?.host ?? '';
    const trouble = await probeServer({ host, port, ...knownAddresses(present, { host }) });
    if (trouble === undefined) return last;
    context.note(`${trouble.happened} ${trouble.todo}`);
    if (await askYes(`Keep ${source}, port ${port}, anyway, and try it later?`)) return { ...last, isAway: true };
    throw new UsageError('No backup server was chosen.', 'Find out its name and its ssh port, then: extbackup setup');
  });
}

function checkSourceAnswer(text: string): void {
  if (sourceText.safeParse(text).success) return;
  const missing = text !== '' && !text.includes('@') ? ` The user is missing: extbackup@${text} ?` : '';
  throw new UsageError(
    text === ''
      ? 'The backup server is not known yet.'
      : `${text} is not USER@HOST or USER@HOST:PATH, for example extbackup@backup.example.org.${missing}`,
    'Call it with the name of the server: extbackup setup --source extbackup@backup.example.org',
  );
}

/** @returns undefined when one is pinned, or the person does not know the keys */
async function askHostKey(
  context: CliContext,
  { source = '', port = 22 }: ServerAnswer,
  present: Config | undefined,
): Promise<Answers['recognised']> {
  const host = parseSource(source)?.host;
  if (host === undefined) return undefined;
  const server = { host, port, ...knownAddresses(present, { host }) };
  const knownHosts = present?.ssh.knownHosts ?? files.knownHosts(context.paths);
  if ((await pinnedHostKeys(knownHosts, server)).length > 0) return undefined;
  const keys = await scanHostKeys(context.start, server);
  if (keys.length === 0) return undefined;
  for (const { fingerprint, type } of keys) context.note(`The server ${host} shows: ${fingerprint} (${type})`);
  context.note('Compare one of them on the server itself: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub');
  return (await askYes('Are these the keys of your server?')) ? { server, keys } : undefined;
}

const askCadence = (present: Config | undefined): Promise<string> =>
  threeTries(async () =>
    checkCadence(
      await askKeeping('How long may each disk go without a backup (such as 10d or 5w)?', cadenceText(present)),
    ),
  );

const askChannel = (present: Config | undefined): Promise<ChannelAnswer | undefined> => {
  const told = (present?.notify ?? []).map(channelName).join(', ');
  const question = `Who is to be told of news (mail ADDRESS, ntfy TOPIC, webhook URL; ${
    told === '' ? 'empty: nobody' : `empty: as now, ${told}`
  })?`;
  return threeTries(async () => {
    const answer = await askLine(question);
    return answer === '' ? undefined : channelFrom(answer);
  });
};

const askDirectory = (): Promise<string> =>
  threeTries(async () => {
    const directory = await askKeeping('Directory on the server that this station may read:', '/backups');
    if (/^\/[A-Za-z0-9._/-]*$/.test(directory)) return directory;
    throw new UsageError(
      `${directory} is not an absolute path of letters, digits, and . _ - / only.`,
      'On the server, give the directory a plain name or a bind mount with one.',
    );
  });
