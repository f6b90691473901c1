/** The daemon: its parts, its start, and its end on SIGTERM, which waits for every undo. */
import { mkdir } from 'node:fs/promises';
import { createBus } from '../bus/bus.ts';
import type { Config } from '../config/schema.ts';
import { loadConfig } from '../config/load.ts';
import { noteDataFormat } from '../records/data-format.ts';
import { withUnrecorded } from '../records/unrecorded-runs.ts';
import { createDriveRegistry } from '../records/drive-registry.ts';
import { BusyError, messageOf, UsageError } from '../errors.ts';
import { coalesce } from '../system/coalesce.ts';
import { createRunLog } from '../records/run-log.ts';
import { openAttachMemory } from '../records/attach-memory.ts';
import { readBootId } from '../disk/block-devices.ts';
import { createVolumeLookup } from '../disk/volume-lookup.ts';
import type { StartProgram } from '../system/command.ts';
import { createCourier } from '../notify/courier.ts';
import { lockFile } from '../system/file-lock.ts';
import { hasPrivateMounts } from '../disk/mounts.ts';
import { files, type Paths } from '../system/paths.ts';
import type { Status } from '../protocol/status.ts';
import { createLog, logEvents } from './journal.ts';
import { tellCutOffRun } from './cut-off-run.ts';
import { closeLeftovers, endErrands, removeTornFiles } from './leftovers.ts';
import { listenForEnding } from './ending.ts';
import { startTriggers } from './listen.ts';
import { machineMaker } from './machine-maker.ts';
import { nextDisk } from './next-disk.ts';
import { createReplies } from './replies.ts';
import { createServerAsker } from './server-asker.ts';
import { createCheckFile } from './check-file.ts';
import { createServiceStatus, describeService } from './service-status.ts';
import { createLiveSettings } from './settings.ts';
import { watchRegistry } from './registry-watch.ts';
import { createMetricsFile } from './metrics-file.ts';
import { createSignaller, type Signaller } from './signaller.ts';
import { createStatusFile } from './status-file.ts';
import { Supervisor } from './supervisor.ts';
import { startTelling, type Teller } from './tell.ts';
import { createUsbNews } from './usb-news.ts';
import { watchWarnings } from './warnings.ts';
import type { WarningName } from '../words/catalogue.ts';
import { takeOutOfMemory } from '../records/last-end.ts';
import { recentClockService } from '../records/station-time.ts';
import { startWatches } from './watches.ts';

const usualWarnAfterMs = 20_000;
const noticeGraceMs = 10_000;

/** Facts from the service manager. */
interface Surroundings {
  readonly start: StartProgram;
  readonly paths: Paths;
  readonly version: string;
  /** systemd's notification socket. */
  readonly socket: string | undefined;
}

/**
 * Runs the agent until a signal stops it.
 * @throws UsageError when it has no mount namespace of its own
 * @throws BusyError when another agent runs
 * @throws ExtbackupError when a newer version wrote the records
 */
export async function runAgent(
  start: StartProgram,
  paths: Paths,
  version: string,
  socket: string | undefined,
): Promise<void> {
  if (!(await hasPrivateMounts())) {
    throw new UsageError(
      'The agent has no mount namespace of its own: an opened disk would be visible to everybody.',
      'Start it with: systemctl start extbackup',
    );
  }
  await mkdir(paths.run, { recursive: true, mode: 0o700 });
  const lock = await lockFile(files.agentLock(paths));
  if (!lock) throw new BusyError('Another agent is running already.', 'See: systemctl status extbackup');
  try {
    await noteDataFormat(paths, version);
    await serve({ start, paths, version, socket });
  } finally {
    await lock.release();
  }
}

async function serve(given: Surroundings): Promise<void> {
  const ending = listenForEnding();
  const base = createBase(given);
  const { paths, bus, settings, service, onError } = base;
  await settings.reload();
  await endErrands(given.start, paths);
  const latest: Latest = { channels: () => [], noticed: () => [] };
  const teller = await startTeller(base, latest);
  bus.emit('agent:started', { version: given.version });
  await closeLeftovers(given.start, paths, base.warn);
  const signaller = (latest.signaller = createSignaller({ ...base, settings: () => settings.current }));
  const { supervisor, statusFile, drives, runs } = await createCore(base, latest);
  await removeTornFiles(paths, onError);

  const present = () => supervisor.board.present();
  const running = () => supervisor.board.run?.drive;
  const { publish } = statusFile;
  const { start } = given;
  const watches = startWatches({
    ...{ bus, paths, start, drives, runs, present, running, publish, onError },
    status: () => latest.status,
    loadConfig: settings.inUse,
  });
  const onConfig = coalesce(async () => {
    const areGood = await settings.reload();
    statusFile.publish();
    signaller.onSettings();
    if (areGood) await teller.onSettings(); // after the settings were read: with bad settings, the former channels report the error
  }, onError);
  const usbNews = createUsbNews({
    ...{ bus, paths, start, drives, publish, onError, refresh: supervisor.refresh, findVolumes: base.findVolumes },
    running: () => running() !== undefined,
  });
  latest.noticed = usbNews.noticed;
  const stops = await startTriggers({
    ...{ paths, bus, supervisor, usbNews, onConfig },
    onDrives: watches.onDrives,
    onVolumes: watches.onVolumes,
    warnAfterMs: () => settings.current?.usb.warnAfter ?? usualWarnAfterMs,
    onRestart: () => {
      void supervisor.idle().then(ending.upgraded);
    },
  });
  supervisor.keyChanged(); // this refreshes, too
  await statusFile.publishFirst();
  await service.ready('Watching for disks');

  bus.emit('agent:stopping', { reason: await ending.reason });
  watches.stop();
  await service.stopping();
  await Promise.all(stops.map((stop) => stop()));
  await supervisor.stop();
  await teller.stop(noticeGraceMs);
  await signaller.stop();
  await statusFile.writeStopped();
  ending.forget();
}

/** The parts that all others use. */
function createBase(given: Surroundings) {
  const { start, paths, version, socket } = given;
  const log = createLog();
  const bus = createBus((event, error) => {
    log.error({ event: 'handler:failed', of: event, reason: messageOf(error) });
  });
  logEvents(bus, log);
  const load = (): Promise<Config> => loadConfig(paths.config);
  return {
    ...{ start, paths, version, log, bus, load },
    warnings: watchWarnings(bus),
    settings: createLiveSettings(load, bus),
    service: createServiceStatus(start, socket),
    courier: createCourier(start, paths),
    findVolumes: createVolumeLookup(start),
    warn: (about: WarningName, reason: string, todo: string): void => {
      bus.emit('warning:raised', { about, reason, todo });
    },
    onError: (error: unknown): void => {
      log.warn({ event: 'agent:trouble', reason: messageOf(error) });
    },
  };
}

type Base = ReturnType<typeof createBase>;

/** Facts that both the notices and the status show. */
interface Latest {
  channels: () => Status['channels'];
  noticed: () => readonly Status['noticed'][number][];
  status?: Status;
  publish?: () => void;
  signaller?: Signaller;
}

/** The observers of the bus: journal, notices, status and metrics. */
async function startTeller({ bus, paths, log, courier, settings }: Base, latest: Latest): Promise<Teller> {
  const teller = await startTelling({
    ...{ bus, paths, log, courier },
    settings: () => settings.current,
    context: {
      contact: () => settings.current?.contact ?? '',
      language: () => settings.current?.language ?? 'en',
      next: () => nextDisk(latest.status, settings.current?.rotation, new Date()),
    },
    onHealth: () => latest.publish?.(),
  });
  latest.channels = () => teller.health();
  return teller;
}

/** The supervisor and its records. */
async function createCore(base: Base, latest: Latest) {
  const { start, paths, version, bus, load, settings, warnings, service, courier, findVolumes, onError } = base;
  const records = watchRegistry(
    withUnrecorded(createDriveRegistry(files.drives(paths)), files.unrecordedRuns(paths), true),
    ({ happened, todo }) => {
      bus.emit('warning:raised', { about: 'registry', reason: happened, todo, topic: 'registry' });
    },
    () => {
      bus.emit('warning:settled', { topic: 'registry' });
    },
  );
  const drives = () => records.known();
  const replies = createReplies(files.replies(paths), onError);
  const runs = createRunLog(files.runs(paths));
  const askClock = async () => (await recentClockService(start)).isSynchronised;
  const toMetrics = createMetricsFile({ bus, runs, version, drives, askClock, loadConfig: settings.inUse, onError });
  const toCheck = createCheckFile({ paths, loadConfig: settings.inUse, onError });
  const statusFile = createStatusFile({
    ...{ paths, drives, warnings, onError, loadConfig: settings.inUse },
    channels: () => latest.channels(),
    noticed: () => latest.noticed(),
    file: files.status(paths),
    rotationMemory: files.rotation(paths),
    board: () => supervisor.board,
    keyIsLoaded: () => supervisor.keyIsLoaded(),
    onStatus: (status) => {
      latest.status = status;
      latest.signaller?.onStatus(status);
      service.say(describeService(status));
      toMetrics(status);
      toCheck(status);
    },
  });
  latest.publish = () => {
    statusFile.publish();
  };
  const bootId = await readBootId();
  const attaches = await openAttachMemory(files.attaches(paths), bootId, onError);
  const supervisor = new Supervisor({
    ...{ bus, start, paths, registry: records.registry, replies, bootId, findVolumes, loadConfig: load },
    runs,
    attaches,
    machineFor: machineMaker(start, paths, courier),
    serverAnswers: createServerAsker(start, paths),
    publish: () => {
      statusFile.publish();
    },
  });
  await replies.tidy();
  const [{ registry }, ranOutOfMemory] = [records, await takeOutOfMemory(paths)];
  await tellCutOffRun({ bus, file: files.begunRun(paths), runs, registry, attaches, bootId, ranOutOfMemory, onError });
  return { supervisor, statusFile, drives, runs };
}
