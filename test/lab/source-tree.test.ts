import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLab, type Lab } from './lab.ts';
import { differences, makeSourceTree, manifestOf, type ManifestEntry } from './source-tree.ts';

/** Each spoils one thing of a tree, with the line that must report it. */
const spoilings = [
  ['content', 'printf X | dd of=sizes/random bs=1 seek=99 conv=notrunc status=none', 'sizes/random: sha256'],
  ['a mode', 'chmod u-s rights/mode-4755', 'rights/mode-4755: mode'],
  ['an owner', 'chown 1:54321 rights/owner-12345-54321', 'rights/owner-12345-54321: owner'],
  ['the owner of a symlink', 'chown -h 1:1 kinds/itself', 'kinds/itself: owner'],
  ['a nanosecond', 'touch -d "$(stat -c %y times/2000 | sed s/9\\ /8\\ /)" times/2000', 'times/2000: mtime'],
  ['an ACL', 'setfacl -n -x u:4242 rights/acl', 'rights/acl: xattrs'],
  ['a default ACL', 'setfacl -k rights/default-acl', 'rights/default-acl: xattrs'],
  ['a capability', 'setcap -r rights/capability', 'rights/capability: xattrs'],
  ['an attribute', 'setfattr -x user.empty rights/attributes', 'rights/attributes: xattrs'],
  ['a hard link', 'cp -a links/two links/new; mv links/new links/two', 'links/two: same_file_as'],
  ['a hole', 'cp --sparse=never -p sizes/sparse sizes/new; mv sizes/new sizes/sparse', 'sizes/sparse: sparse'],
  ['a target', 'ln -sfn elsewhere kinds/to-file', 'kinds/to-file: target'],
  ['a missing file', 'rm names/-rf', 'missing: names/-rf'],
  ['a file too much', 'touch names/more', 'too much: names/more'],
  ['another kind', 'rm kinds/fifo; touch kinds/fifo', 'kinds/fifo: kind'],
] as const;

/** Is the comparison strict enough? Each change that a bad backup could make must be found. */
let lab: Lab;
let original: readonly ManifestEntry[];

beforeAll(async () => {
  lab = await openLab();
  await makeSourceTree(lab.server, '/backups', { smallFiles: 20 });
  original = await manifestOf(lab.server, '/backups');
});
afterAll(() => lab.close());

describe('the odd tree', () => {
  it('has what backups get wrong', () => {
    const entry = (path: string) => original.find((one) => one.path === path);
    expect(entry('names/line%0Abreak')).toBeDefined();
    expect(entry('names/latin1-%E9%FF%FE')).toBeDefined();
    expect(entry('names/-rf')).toBeDefined();
    expect(entry('sizes/sparse')).toMatchObject({ size: 8_000_000, sparse: true });
    expect(entry('rights/acl')?.['xattrs']).toHaveProperty(['system.posix_acl_access']);
    expect(entry('rights/capability')?.['xattrs']).toHaveProperty(['security.capability']);
    expect(entry('rights/mode-4755')).toMatchObject({ mode: '0o4755' });
    expect(entry('links/far/away/three')?.['same_file_as']).toBe(entry('links/two')?.['same_file_as']);
    expect(entry('kinds/dangling')).toMatchObject({ kind: 'symlink', owner: '4242:4243' });
    expect(entry('times/after-2106')).toMatchObject({ mtime: '5000000000123456789' });
  });

  it('is equal to a copy that keeps everything', async () => {
    await lab.server.run(['cp', '-a', '/backups', '/srv/copy']);
    expect(differences(original, await manifestOf(lab.server, '/srv/copy'))).toEqual([]);
  });
});

describe('the judge', () => {
  let found: readonly string[];

  beforeAll(async () => {
    await lab.server.shell(
      `cp -a /backups /srv/spoilt; cd /srv/spoilt; ${spoilings.map(([, spoil]) => spoil).join('; ')}`,
    );
    found = differences(original, await manifestOf(lab.server, '/srv/spoilt'));
  });

  it.each(spoilings)('notices %s', (_what, _spoil, expected) => {
    expect(
      found.filter((line) => line.startsWith(expected)),
      found.join('\n'),
    ).toHaveLength(1);
  });

  it('notices nothing else than that and the times of the folders around', () => {
    const expected = spoilings.map(([, , line]) => line);
    const rest = found.filter(
      (line) => !expected.some((start) => line.startsWith(start)) && !line.includes(': mtime '),
    );
    expect(rest).toEqual([
      'kinds/fifo: size is 0, not undefined',
      expect.stringMatching('^kinds/fifo: sha256'),
      'kinds/fifo: sparse is false, not undefined',
    ]);
  });
});
