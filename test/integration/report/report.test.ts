import { expect, it } from 'vitest';
import { inSandbox } from '../keys/sandbox.ts';

const part = (text: string, name: string): string =>
  new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(text)?.[1]?.trim() ?? `no ${name}`;

it('extbackup report writes a page for root alone, keeps the mode of an existing page, and reads many stations', () => {
  const { stdout } = inSandbox(`ready_station 'correct horse'; cd "$room"
    echo "<text>$(extbackup report)</text>"
    extbackup report --html page.html 2>&1; echo "<new>$(stat -c %a page.html) $(head -c 15 page.html)</new>"
    chmod 644 page.html; extbackup report --evidence --since 2026-01-01 --html page.html 2>/dev/null
    echo "<again>$(stat -c %a page.html) $(grep -c 'Evidence of backups' page.html)</again>"
    mkdir stations; extbackup status --json >stations/attic.json; echo nonsense >stations/cellar.json
    echo "<fleet>$(extbackup report --from stations)</fleet>"
    echo "<german>$(extbackup report --from stations --language de)</german>"
    extbackup config set language de >/dev/null 2>&1; echo "<setting>$(extbackup report)</setting>"
    extbackup report --json | "$NODE" -e 'const r = JSON.parse(require("fs").readFileSync(0, "utf8")); console.log("<json>" + [r.version, r.disks.length, r.agent] + "</json>")'
    wrong=$(extbackup report --evidence 2>&1); echo "<evidence>$? $wrong</evidence>"
    wrong=$(extbackup report --from "$room/none" 2>&1); echo "<none>$? $wrong</none>"
    wrong=$(extbackup report --since 2999-01-01 2>&1); echo "<future>$? $wrong</future>"
    wrong=$(extbackup report --html /proc/none/page 2>&1); echo "<unwritable>$? $wrong</unwritable>"`);
  expect(part(stdout, 'text')).toContain('There is no offline copy');
  expect(part(stdout, 'new')).toBe('600 <!doctype html>');
  expect(part(stdout, 'again')).toBe('644 2'); // the title and the heading
  expect(part(stdout, 'fleet')).toMatch(/^2 stations, 2 in trouble/);
  expect(part(stdout, 'german')).toMatch(/^2 Stationen, 2 mit einem Problem/);
  expect(part(stdout, 'setting')).toContain('Es gibt keine Kopie ausser Haus');
  expect(part(stdout, 'json')).toBe('1,0,stopped');
  expect(part(stdout, 'evidence')).toMatch(/^2 .*Add: --html FILE/s);
  expect(part(stdout, 'none')).toMatch(/^2 .*ENOENT/s);
  expect(part(stdout, 'future')).toMatch(/^2 .*in the future/s);
  expect(part(stdout, 'unwritable')).toMatch(/^2 .*cannot be written/s);
});
