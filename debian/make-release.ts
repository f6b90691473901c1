/** `npm run release`: checks that the version can be published, and says what to do. Changes nothing; with --tag it makes the tag. */
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { faultsOf, readReleaseFacts, testsBeforeRelease } from './release.ts';
import { root } from './root.ts';

const { values } = parseArgs({ options: { tag: { type: 'boolean', default: false } } });
const facts = await readReleaseFacts(root, new Date());
const faults = await faultsOf(facts);
const tag = `v${facts.version}`;
if (faults.length > 0) {
  console.error(`${facts.version} cannot be published:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
  process.exitCode = 1;
} else if (values.tag) {
  await execa('git', ['tag', '--annotate', '--message', `extbackup ${facts.version}`, tag], { cwd: root });
  console.log(`${tag} is there. What to do now:
  git push origin ${tag}
  npm run repository -- --key KEY --uri URL    then copy out/repository to the web server`);
} else {
  console.log(`${facts.version} can be published: versions, changelog and tags fit, and all files are committed.
Not checked here. On this commit these must have passed:
${testsBeforeRelease.map(([command, cost]) => `  ${command.padEnd(26)} ${cost}`).join('\n')}
Then: npm run release -- --tag    makes the tag ${tag}, and nothing else`);
}
