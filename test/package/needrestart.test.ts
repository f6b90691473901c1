import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';

const top = join(import.meta.dirname, '../..');

/** What needrestart does with its settings (see /etc/needrestart/needrestart.conf): the first pattern that fits decides, 0 is no restart. */
const question = `
our %nrconf; our $file = shift; defined(do $file) or die $@ || $!;
for my $unit (@ARGV) {
  my ($rule) = grep { $unit =~ $_ } keys %{$nrconf{override_rc}};
  print $unit, " ", defined $rule ? $nrconf{override_rc}{$rule} : "restart", "\\n";
}`;

it('needrestart leaves alone every unit whose restart would cancel a run, and no other', async () => {
  const units = (await readdir(join(top, 'systemd'))).filter((name) => name.endsWith('.service'));
  const started = units.map((name) => name.replace('@.', '@one.'));
  const { stdout } = await execa('perl', [
    '-we',
    question,
    join(top, 'debian/extbackup.needrestart.conf'),
    ...started,
    'ssh.service',
    'extbackups.service',
  ]);
  const answers = new Map(stdout.split('\n').map((line) => line.split(' ') as [string, string]));
  for (const unit of ['extbackup.service', 'extbackup-link@one.service', 'extbackup-scheduled.service'])
    expect(answers.get(unit), unit).toBe('0');
  for (const unit of ['ssh.service', 'extbackups.service']) expect(answers.get(unit), unit).toBe('restart');
});
