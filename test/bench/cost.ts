/**
 * `npm run bench:cost [-- MINUTES]`: what extbackup itself costs, in figures that a busy machine does not change much:
 * programs, shares of the processor time, memory, and MINUTES at rest. It needs the package (`npm run package`) and the
 * lab. Writes docs/own-cost.json and the table in docs/performance.md.
 */
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { measureRest } from '../lab/cost/at-rest.ts';
import { countPrograms } from '../lab/cost/program-trace.ts';
import { agentMemory, makeUnchanged, measureRun, sharesOf } from '../lab/cost/run-cost.ts';
import { builtPackage } from '../lab/station.ts';
import { openStation, waitUntilGone } from '../lab/stories/operator.ts';
import { writeCost, type OwnCost } from './cost-page.ts';

const [minutes = 10] = process.argv.slice(2).map(Number);
const files = 150;
const starts = 10;

/** Processor seconds of a start, of this machine; the least of some, because other work only adds. */
async function startSeconds(program: string, ...args: readonly string[]): Promise<number> {
  const script = `import resource, subprocess, sys
times = []
for _ in range(${String(starts)}):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
print(min(times))`;
  return Number((await execa('/usr/bin/python3', ['-c', script, program, ...args])).stdout);
}

async function measurePackage(): Promise<Pick<OwnCost, 'startSeconds' | 'packageMb'>> {
  const deb = await builtPackage();
  const { stdout } = await execa('dpkg-deb', ['--field', deb, 'Installed-Size']);
  const top = await mkdtemp(join(tmpdir(), 'extbackup-cost-'));
  try {
    await execa('dpkg-deb', ['--extract', deb, top]);
    const cli = join(top, 'usr/lib/extbackup/cli.js');
    const node = process.execPath;
    const ofUnits = ['--jitless', '--no-expose-wasm'];
    // As postinst does.
    for (const flags of [[], ofUnits])
      await execa(node, [...flags, join(dirname(cli), 'write-code-cache.js')], { stdout: 'ignore' });
    return {
      packageMb: { download: (await stat(deb)).size / 1e6, installed: Number(stdout) / 1000 },
      startSeconds: {
        'node alone': await startSeconds(node, '-e', '0'),
        'extbackup --version': await startSeconds(node, cli, '--version'),
        'extbackup agent --help, without compilation as in its unit': await startSeconds(
          node,
          ...[...ofUnits, cli, 'agent', '--help'],
        ),
      },
    };
  } finally {
    await rm(top, { recursive: true });
  }
}

async function measureStation(): Promise<Pick<OwnCost, 'run' | 'memoryMb' | 'rest'>> {
  const lab = await openStation('BACKUP_1');
  try {
    const [disk] = lab.drawer;
    if (!disk) throw new Error('The drawer is empty.');
    await makeUnchanged(lab, disk, 'BACKUP_1', files);
    const cost = await measureRun(lab, disk, 'BACKUP_1');
    await lab.guest.unplug(disk);
    await waitUntilGone(lab);
    await lab.guest.shell('sleep 60');
    const { wakeUps, cpuMs } = await measureRest(lab.guest, minutes);
    const { trace } = cost;
    return {
      run: {
        files,
        programs: {
          agent: countPrograms(trace, 'agent'),
          units: countPrograms(trace, 'units'),
          udev: countPrograms(trace, 'udev'),
        },
        processes: trace.processes.agent + trace.processes.units,
        shares: sharesOf(cost),
        kilobytesWritten: cost.bytesWritten / 1000,
      },
      memoryMb: { atRest: await agentMemory(lab, 'VmRSS'), peak: cost.agentPeakMb },
      rest: { minutes, wakeUps: wakeUps.length, cpuMs },
    };
  } finally {
    await lab.close();
  }
}

await readFile(await builtPackage()); // an error at once, not after minutes
await writeCost({
  date: new Date().toISOString().slice(0, 10),
  ...(await measureStation()),
  ...(await measurePackage()),
});
