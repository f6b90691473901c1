import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { configSchema, type NotifyChannel } from '../../../src/config/schema.ts';

const page = readFileSync(new URL('../../../docs/notifications.md', import.meta.url), 'utf8');
const blocksOf = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map(([, block = '']) => block);

const recipes = blocksOf('yaml').map((block) => parse(block) as Record<string, unknown>);

it('each recipe has valid settings, and every type of channel has one', () => {
  const shape: Readonly<Record<string, { parse(value: unknown): unknown }>> = configSchema.shape;
  const channels = recipes.flatMap((recipe) =>
    Object.entries(recipe).flatMap(([name, value]) => {
      const setting = shape[name];
      if (setting === undefined) throw new Error(`there is no setting ${name}`);
      const read = setting.parse(value);
      return name === 'notify' ? (read as NotifyChannel[]) : [];
    }),
  );
  const types = configSchema.shape.notify.unwrap().element.options.map((option) => option.shape.type.value);
  expect(types.filter((type) => !channels.some((channel) => channel.type === type))).toEqual([]);
});

it('the check of a signature accepts what the station signs, and nothing else', () => {
  const [snippet = ''] = blocksOf('python');
  const body = '{"subject":"Zürich"}';
  const signature = `sha256=${createHmac('sha256', 'the key').update(body).digest('hex')}`;
  const check = `${snippet}
import sys
body = sys.stdin.buffer.read()
print([is_from_the_station(body, sys.argv[1], key) for key in (b"the key", b"another")], is_from_the_station(body + b" ", sys.argv[1], b"the key"))`;
  const said = execFileSync('/usr/bin/python3', ['-c', check, signature], { input: body, encoding: 'utf8' });
  expect(said).toBe('[True, False] False\n');
});

it('the changes of the unit are settings that the unit has', () => {
  const unit = readFileSync(new URL('../../../systemd/extbackup-courier@.service', import.meta.url), 'utf8');
  const names = blocksOf('ini').flatMap((block) => [...block.matchAll(/^(\w+)=/gm)].map(([, name = '']) => name));
  expect(names.length).toBeGreaterThan(4);
  const added = ['LoadCredentialEncrypted'];
  expect(names.filter((name) => !unit.includes(`\n${name}=`) && !added.includes(name))).toEqual([]);
});
