/** As much of udev(7) as our rule uses, so that the rule itself is tested and not its text. Unknown things throw. */

/** A kernel event and what udev knows about the device. */
export interface UdevEvent {
  readonly action: string;
  readonly subsystem: string;
  /** Kernel name. */
  readonly name: string;
  /** Properties: of the event, of earlier rules; on remove those that udev stored. */
  readonly properties: Readonly<Record<string, string>>;
  /** Subsystems of the device and of its parents; a removed device has only its own. */
  readonly subsystems: readonly string[];
}

/** What the rules do to the event. */
export interface Outcome {
  readonly properties: Readonly<Record<string, string>>;
  /** Programs that are started, substitutions done. */
  readonly run: readonly string[];
}

interface Token {
  readonly key: string;
  readonly operator: string;
  readonly value: string;
}

/** Runs a rules file for one event. */
export function interpretRules(text: string, event: UdevEvent): Outcome {
  const properties: Record<string, string> = { ...event.properties, ACTION: event.action, SUBSYSTEM: event.subsystem };
  const run: string[] = [];
  let goto: string | undefined;
  for (const rule of parse(text)) {
    const label = rule.find(({ key }) => key === 'LABEL')?.value;
    if (goto !== undefined && label !== goto) continue;
    goto = undefined;
    if (!rule.filter(isMatch).every((token) => matches(token, event, properties))) continue;
    for (const { key, operator, value } of rule.filter((token) => !isMatch(token))) {
      if (key === 'GOTO') goto = value;
      else if (key.startsWith('ENV{')) properties[key.slice(4, -1)] = value;
      else if (key === 'RUN' && operator === '+=') run.push(value);
      else if (key !== 'LABEL') throw new Error(`not interpreted: ${key}${operator}`);
    }
  }
  if (goto !== undefined) throw new Error(`GOTO without LABEL: ${goto}`);
  return { properties, run: run.map((program) => substitute(program, event, properties)) };
}

function parse(text: string): Token[][] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return lines.map((line) =>
    line.split(/,\s*(?=[A-Z])/).map((part) => {
      const [, key, operator, value] = /^([A-Z]+(?:\{\w+\})?)(==|!=|\+=|=)"([^"]*)"$/.exec(part.trim()) ?? [];
      if (key === undefined || operator === undefined || value === undefined)
        throw new Error(`not understood: ${part}`);
      return { key, operator, value };
    }),
  );
}

const isMatch = ({ operator }: Token): boolean => operator === '==' || operator === '!=';

function matches(
  { key, operator, value }: Token,
  event: UdevEvent,
  properties: Readonly<Record<string, string>>,
): boolean {
  const wanted = new RegExp(`^(?:${value.replaceAll('*', '.*').replaceAll('?', '.')})$`);
  const found = valuesOf(key, event, properties).some((actual) => wanted.test(actual));
  return operator === '==' ? found : !found;
}

function valuesOf(key: string, event: UdevEvent, properties: Readonly<Record<string, string>>): readonly string[] {
  if (key === 'ACTION') return [event.action];
  if (key === 'SUBSYSTEM') return [event.subsystem];
  if (key === 'KERNEL') return [event.name];
  if (key === 'SUBSYSTEMS') return event.subsystems;
  if (key.startsWith('ENV{')) return [properties[key.slice(4, -1)] ?? ''];
  throw new Error(`not interpreted: ${key}`);
}

function substitute(text: string, event: UdevEvent, properties: Readonly<Record<string, string>>): string {
  return text.replaceAll('%k', event.name).replace(/\$env\{(\w+)\}/g, (_, name: string) => properties[name] ?? '');
}
