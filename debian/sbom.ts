import { packageName } from './control.ts';
import type { Bundled, BundledPackage } from './bundled-packages.ts';

/**
 * The software bill of materials in the format CycloneDX 1.6: the program, and every npm package with code in it.
 * The same program gives the same text.
 * @param version of the Debian package
 * @param time of the sources
 */
export function billOfMaterials({ packages, direct }: Bundled, version: string, time: Date): string {
  const references = new Map(packages.map((bundled) => [bundled.path, urlOf(bundled)]));
  const dependsOn = (paths: readonly string[]): string[] => paths.map((path) => references.get(path) ?? path);
  const whole = `pkg:deb/${packageName}@${encodeURIComponent(version)}`;
  const content = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      timestamp: time.toISOString(),
      component: {
        type: 'application',
        'bom-ref': whole,
        name: packageName,
        version,
        licenses: [{ license: { id: 'MIT' } }],
      },
    },
    components: packages.map((bundled) => ({
      type: 'library',
      'bom-ref': urlOf(bundled),
      name: bundled.name,
      version: bundled.version,
      hashes: [{ alg: 'SHA-512', content: bundled.sha512 }],
      licenses: [
        / (OR|AND|WITH) /.test(bundled.licence)
          ? { expression: bundled.licence }
          : { license: { id: bundled.licence } },
      ],
      purl: urlOf(bundled),
    })),
    dependencies: [
      { ref: whole, dependsOn: dependsOn(direct) },
      ...packages.map((bundled) => ({ ref: urlOf(bundled), dependsOn: dependsOn(bundled.uses) })),
    ],
  };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}

/** A package URL; see the purl specification. */
const urlOf = ({ name, version }: BundledPackage): string => `pkg:npm/${name.replace('@', '%40')}@${version}`;
