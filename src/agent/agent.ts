/** The daemon: builds the object graph, starts the triggers, and on SIGTERM stops them and waits for every undo. */
import { mkdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { createBus } from '../bus/bus.ts';
import type { Config } from '../config/schema.ts';
import { loadConfig } from '../config/load.ts';
import { mountSetting } from '../config/mount-setting.ts';
import { rotationSetting } from '../config/rotation-setting.ts';
import { createDriveRegistry } from '../records/drive-registry.ts';
import { readOpenedByPerson } from '../opening/opened-by-person.ts';
import { BusyError, ExtbackupError, messageOf, UsageError } from '../errors.ts';
import { identityFile } from '../keys/ssh-key.ts';
import { startDispatcher, type Subscription } from '../notify/dispatcher.ts';
import { createCourierChannel } from '../notify/courier-channel.ts';
import { createNoticeSpool } from '../notify/notice-spool.ts';
import { createNoticeMaker } from '../notify/notices.ts';
import { coalesce } from '../system/coalesce.ts';
import { openRotationMemory } from '../records/rotation-memory.ts';
import { createRunLog } from '../records/run-log.ts';
import { openAttachMemory } from '../records/attach-memory.ts';
import { removeUnfinished } from '../system/atomic-file.ts';
import { readBootId } from '../disk/block-devices.ts';
import type { StartProgram } from '../system/command.ts';
import { createConfinement } from '../system/confine.ts';
import { allErrands, createCourier } from '../notify/courier.ts';
import { lockFile } from '../system/file-lock.ts';
import { allLinks, createLink } from '../rsync/link.ts';
import { createMachine } from '../pipeline/real-machine.ts';
import { mappingName } from '../disk/luks.ts';
import { hasPrivateMounts } from '../disk/mounts.ts';
import { files, type Paths } from '../system/paths.ts';
import { releaseAll } from '../disk/release.ts';
import { stopUnits } from '../system/units.ts';
import { watchConfigFile } from '../triggers/config-file.ts';
import { watchKeyFile } from '../triggers/key-file.ts';
import { watchSpool, type Stop } from '../triggers/spool.ts';
import { listenToUsb, type UsbNews } from '../triggers/usb-listener.ts';
import { createApprovalWatch } from './approval-watch.ts';
import { createLog, logEvents } from './journal.ts';
import { createReplies } from './replies.ts';
import { createServiceStatus, describeService } from './service-status.ts';
import { watchRegistry } from './registry-watch.ts';
import { createForgottenWatch } from './forgotten-watch.ts';
import { lookForOverdue } from './overdue-watch.ts';
import { createSupervisor } from './supervisor.ts';
import { createStatusFile } from './status-file.ts';
import { watchWarnings } from './warnings.ts';

/** Why the agent ends. */
type Ending = 'SIGTERM' | 'SIGINT' | 'upgraded';

const usualWarnAfterMs = 20_000;
const noticeGraceMs = 10_000;
const lookOverdueEveryMs = 3_600_000;
const lookForgottenEveryMs = 60_000;

/**
 * Runs the agent until it is told to stop.
 * @throws UsageError when it would not have a mount namespace of its own
 * @throws BusyError when another agent runs
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
  const lock = await lockFile(`${paths.run}/agent.lock`);
  if (!lock) throw new BusyError('Another agent is running already.', 'See: systemctl status extbackup');
  try {
    await serve(start, paths, version, socket);
  } finally {
    await lock.release();
  }
}

async function serve(start: StartProgram, paths: Paths, version: string, socket: string | undefined): Promise<void> {
  const log = createLog();
  const bus = createBus((event, error) => {
    log.error({ event: 'handler:failed', of: event, reason: messageOf(error) });
  });
  logEvents(bus, log);
  const service = createServiceStatus(start, socket);
  const courier = createCourier(start, paths);
  const load = (): Promise<Config> => loadConfig(paths.config);
  const warnings = watchWarnings(bus);
  let settingsAreWrong = false;
  const loadOrWarn = async (): Promise<Config | undefined> => {
    try {
      const settings = await load();
      if (settingsAreWrong) bus.emit('warning:settled', { topic: 'settings' });
      settingsAreWrong = false;
      return settings;
    } catch (error) {
      settingsAreWrong = true;
      const todo = error instanceof ExtbackupError ? error.todo : 'Make or correct it: extbackup setup --help';
      bus.emit('warning:raised', { reason: messageOf(error), todo, topic: 'settings' });
      return undefined;
    }
  };
  const subscriptionsOf = (settings: Config | undefined): Subscription[] =>
    (settings?.notify ?? []).map((entry) => ({ channel: createCourierChannel(entry, courier), events: entry.events }));
  let config = await loadOrWarn();
  const spool = createNoticeSpool(files.outbox(paths), (error) => {
    log.warn({ event: 'agent:trouble', reason: `a notice cannot be kept until it is delivered: ${messageOf(error)}` });
  });
  await endErrands(start, paths);
  const dispatcher = startDispatcher(
    bus,
    createNoticeMaker(hostname(), () => new Date()),
    subscriptionsOf(config),
    log,
    {},
    { spool, leftovers: await spool.leftovers(new Date()) },
  );
  bus.emit('agent:started', { version });
  await closeLeftovers(start, paths, (reason, todo) => {
    bus.emit('warning:raised', { reason, todo });
  });

  const bootId = await readBootId();
  const quietly = (error: unknown): void => {
    log.warn({ event: 'agent:trouble', reason: messageOf(error) });
  };
  const registryWatch = watchRegistry(createDriveRegistry(files.drives(paths)), ({ happened, todo }) => {
    bus.emit('warning:raised', { reason: happened, todo });
  });
  const { registry } = registryWatch;
  const replies = createReplies(files.replies(paths), quietly);
  const statusFile = createStatusFile({
    file: files.status(paths),
    rotationMemory: files.rotation(paths),
    drives: () => registryWatch.known(),
    loadConfig: load,
    warnings,
    onError: quietly,
    board: () => supervisor.board,
    keyIsLoaded: () => supervisor.keyIsLoaded(),
    onStatus: (status) => {
      service.say(describeService(status));
    },
  });
  const confine = createConfinement(start);
  const supervisor = createSupervisor({
    bus,
    start,
    paths,
    registry,
    replies,
    bootId,
    loadConfig: load,
    runs: createRunLog(files.runs(paths)),
    attaches: await openAttachMemory(files.attaches(paths), bootId, quietly),
    machineFor: (settings, record) =>
      createMachine(
        start,
        paths,
        {
          reach: createLink(start, paths, identityFile(paths, settings.ssh)),
          runHookOutside: (hook, environment, signal) =>
            courier({ kind: 'hook', hook, environment }, hook.timeout, signal),
          confine,
        },
        record.mirror,
      ),
    publish: () => {
      statusFile.publish();
    },
  });
  await replies.tidy();
  const own = [files.attaches(paths), files.status(paths), files.rotation(paths)].map((file) => basename(file)); // we have the lock, and write none yet
  for (const directory of [paths.state, paths.run]) await removeUnfinished(directory, own, new Date()).catch(quietly);

  let end: (ending: Ending) => void = () => undefined;
  const ended = new Promise<Ending>((resolve) => {
    end = resolve;
  });
  process.once('SIGTERM', () => {
    end('SIGTERM');
  });
  process.once('SIGINT', () => {
    end('SIGINT');
  });
  const reload = coalesce(async () => {
    const changed = await loadOrWarn();
    statusFile.publish();
    if (changed === undefined) return; // while it is wrong, the operator is told over the former channels
    config = changed;
    dispatcher.use(subscriptionsOf(config));
  }, quietly);
  const lookForApprovals = coalesce(createApprovalWatch({ bus, drives: () => registryWatch.known() }), quietly);
  lookForApprovals();
  let lookForgotten: () => void = () => undefined;
  let forgottenSoon: NodeJS.Timeout | undefined;
  const onDrives = (): void => {
    lookForApprovals();
    lookForgotten();
  };
  const stops = await startTriggers({
    start,
    paths,
    bus,
    supervisor,
    onConfig: reload,
    onDrives,
    warnAfterMs: () => config?.usb.warnAfter ?? usualWarnAfterMs,
    onRestart: () => {
      void supervisor.idle().then(() => {
        end('upgraded');
      });
    },
  });
  supervisor.keyChanged(); // looks around, too
  const memory = openRotationMemory(files.rotation(paths), quietly);
  const lookOverdue = coalesce(
    () =>
      lookForOverdue({
        bus,
        memory,
        now: () => new Date(),
        drives: () => registryWatch.known(),
        present: () => supervisor.board.present(),
        rotation: () => rotationSetting(load),
      }),
    quietly,
  );
  lookOverdue();
  const overdueTimer = setInterval(lookOverdue, lookOverdueEveryMs);
  const watchForgotten = createForgottenWatch({
    bus,
    look: () => readOpenedByPerson(paths),
    setting: () => mountSetting(load),
    now: () => new Date(),
  });
  lookForgotten = coalesce(async () => {
    const inMs = await watchForgotten();
    clearTimeout(forgottenSoon);
    if (inMs !== undefined && inMs < lookForgottenEveryMs) forgottenSoon = setTimeout(lookForgotten, inMs + 1);
  }, quietly);
  const forgottenTimer = setInterval(lookForgotten, lookForgottenEveryMs);
  await service.ready('Watching for disks');
  const reason = await ended;
  bus.emit('agent:stopping', { reason });
  clearInterval(overdueTimer);
  clearInterval(forgottenTimer);
  clearTimeout(forgottenSoon);
  await service.stopping();
  await Promise.all(stops.map((stop) => stop()));
  await supervisor.stop();
  await dispatcher.stop(noticeGraceMs);
  await statusFile.writeStopped();
}

interface TriggerParts {
  readonly start: StartProgram;
  readonly paths: Paths;
  readonly bus: ReturnType<typeof createBus>;
  readonly supervisor: ReturnType<typeof createSupervisor>;
  readonly warnAfterMs: () => number;
  readonly onRestart: () => void;
  readonly onConfig: () => void;
  /** A command has opened, closed or enrolled a disk. */
  readonly onDrives: () => void;
}

async function startTriggers({
  paths,
  bus,
  supervisor,
  warnAfterMs,
  onRestart,
  onConfig,
  onDrives,
}: TriggerParts): Promise<Stop[]> {
  const news: UsbNews = {
    onConnect: (_port, usbSerial) => {
      bus.emit('drive:attached', { source: 'usb', ...(usbSerial !== undefined && { usbSerial }) });
    },
    onDisconnect: (_port, usbSerial) => {
      bus.emit('drive:removed', { ...(usbSerial !== undefined && { usbSerial }) });
      supervisor.look();
    },
    onNoBlockDevice: (_port, usbSerial) => {
      const which = usbSerial === undefined ? 'A USB disk' : `The USB disk with serial number ${usbSerial}`;
      bus.emit('drive:ignored', {
        reason: 'no-block-device',
        happened: `${which} was connected but did not come up.`,
        todo: 'Check its cable and its power, and plug it in again, best at another port.',
      });
    },
  };
  const usb = await startUsb(() => listenToUsb(news, warnAfterMs), bus);
  const key = await watchKeyFile(paths, () => {
    supervisor.keyChanged();
  });
  const config = await watchConfigFile(paths.config, onConfig);
  const spool = await watchSpool(paths, {
    onNote: (note) => {
      if (note.kind === 'request') supervisor.request(note.request);
      else if (note.kind === 'restart') onRestart();
      else if (note.kind === 'nudge' && note.about === 'key') supervisor.keyChanged();
      else {
        supervisor.look();
        if (note.kind === 'nudge') onDrives();
      }
    },
    onRejected: (reason) => {
      bus.emit('spool:rejected', { reason });
    },
  });
  return [usb, key, config, spool];
}

/** What units were doing for an agent that died; what was not delivered is delivered again. */
async function endErrands(start: StartProgram, paths: Paths): Promise<void> {
  await stopUnits(start, allLinks, allErrands);
  for (const errands of ['link', 'courier']) await rm(join(paths.run, errands), { recursive: true, force: true });
}

/** What a dead agent left open is closed before anything else; a command that is at work now is left alone. */
async function closeLeftovers(
  start: StartProgram,
  paths: Paths,
  warn: (reason: string, todo: string) => void,
): Promise<void> {
  const lock = await lockFile(`${paths.run}/device.lock`);
  if (!lock) return;
  try {
    const look = await readOpenedByPerson(paths); // a person may have a disk open: that is not ours to close
    const { closed, left } = await releaseAll(start, { except: look && mappingName(look.label) });
    if (closed.length > 0)
      warn(
        `An earlier run was cut off; it left ${closed.join(', ')} open. It is closed now.`,
        'Nothing needs to be done.',
      );
    if (left.length > 0)
      warn(
        `An earlier run left ${left.map(({ mapping }) => mapping).join(', ')} open, and it cannot be closed. DO NOT UNPLUG the disk.`,
        'End the programs that use it, then run: extbackup release',
      );
  } finally {
    await lock.release();
  }
}

/** A machine without a USB bus, or one that cannot be listened to, still serves udev's notes and requests. */
async function startUsb(start: () => Promise<Stop>, bus: ReturnType<typeof createBus>): Promise<Stop> {
  try {
    return await start();
  } catch (error) {
    bus.emit('warning:raised', {
      reason: `USB cannot be listened to: ${messageOf(error)}.`,
      todo: 'Disks are still noticed by udev; a disk that does not come up is not reported.',
    });
    return () => Promise.resolve();
  }
}
