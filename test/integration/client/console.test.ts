import { expect, it } from 'vitest';
import { englishWordsIn } from '../../unit/words/english-words.ts';
import { inSandbox } from '../keys/sandbox.ts';

const part = (text: string, name: string): string =>
  new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(text)?.[1]?.replace(/\u001B\[[\d;]*m/g, '') ?? `no ${name}`;

it('extbackup console speaks the language of the settings, with umlauts where the locale has them', () => {
  const { stdout } = inSandbox(`ready_station 'correct horse'
    extbackup config set contact 'Anna Müller' >/dev/null 2>&1
    echo "<english>$(LC_ALL=C.UTF-8 extbackup console --once)</english>"
    extbackup config set language de >/dev/null 2>&1
    echo "<german>$(LC_ALL=C.UTF-8 extbackup console --once)</german>"
    echo "<plain>$(LC_ALL=C extbackup console --once)</plain>"
    echo 'language: xx' >>/etc/extbackup/config.yaml
    echo "<broken>$(LC_ALL=C.UTF-8 extbackup console --once)</broken>"`);
  expect(part(stdout, 'english')).toMatch(/NOT RUNNING[^]*The agent does not run[^]*Who to call: Anna Müller/);
  const german = part(stdout, 'german');
  expect(german).toMatch(/^Sicherungsstation [^]*LÄUFT NICHT[^]*Das Programm läuft nicht[^]*Hilfe: Anna Müller/);
  expect(englishWordsIn(german.replace(/^Sicherungsstation \S+/, ''))).toEqual([]);
  expect(part(stdout, 'plain')).toMatch(/LAEUFT NICHT[^]*Das Programm laeuft nicht[^]*Hilfe: Anna Mueller/);
  expect(part(stdout, 'broken')).toMatch(/NOT RUNNING/);
});
