/** `npm run repository`: a signed apt repository in out/repository, with the package for every processor. */
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { architectures, parseArchitecture } from './architecture.ts';
import { buildDeb } from './deb.ts';
import { writeRepository } from './repository.ts';
import { root } from './root.ts';

const usage = `A signed apt repository: a directory for any web server.

  npm run repository -- --key KEY [--uri URL] [--out DIRECTORY] [PACKAGE...]

  --key KEY        the gpg key that signs: fingerprint, key id or address
  --uri URL        the address under which stations will find the directory; default: the directory itself
  --out DIRECTORY  default: out/repository; packages that are in it already stay
  PACKAGE...       files to add; default: the package of these sources, built for ${Object.keys(architectures).join(' and ')}

To make a key, once, for three years (keep a copy of it offline: whoever has it can install programs on all stations):

  gpg --quick-generate-key 'extbackup packages <you@example.org>' ed25519 sign 3y

To give the repository to a station: copy extbackup.sources to its /etc/apt/sources.list.d/, then
apt-get update && apt-get install extbackup. The file has the public key in it.`;

const { values, positionals } = parseArgs({
  options: {
    key: { type: 'string' },
    uri: { type: 'string' },
    out: { type: 'string', default: join(root, 'out/repository') },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
if (values.help) console.log(usage);
else if (values.key === undefined) {
  console.error(`No key is given, and stations accept only a signed repository.\n\n${usage}`);
  process.exitCode = 2;
} else await build(values.key, resolve(values.out));

async function build(key: string, directory: string): Promise<void> {
  const debs = [...positionals];
  if (debs.length === 0)
    for (const name of Object.keys(architectures))
      debs.push(await buildDeb(join(root, 'out'), { architecture: parseArchitecture(name) }));
  const uri = values.uri ?? pathToFileURL(directory).href.replace('file://', 'file:');
  const sources = await writeRepository({ directory, debs, key, uri });
  console.log(`${directory}: ready. For stations, in /etc/apt/sources.list.d/: ${sources}`);
}
