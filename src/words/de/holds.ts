import type { Words } from '../catalogue.ts';
import type { holds as english } from '../en/holds.ts';

/** German: a run that stopped to ask. */
export const holds: Words<typeof english> = {
  'held.subject': 'GESTOPPT: {drive}: {sign}',
  'held.open.subject': 'GESTOPPT: {drive}, NICHT AUSSTECKEN',
  'held.other.subject': 'GESTOPPT: {drive}, {release}',
  'held.first': 'GESTOPPT: {drive}: {headline}.',
  'held.text': 'Die Sicherung auf die Platte {drive} hat angehalten, um zu fragen. Einzelheiten (englisch): {happened}',
  'sign.deleted.share': '{percent} % der Dateien weg',
  'sign.deleted.count': '{files} weg',
  'sign.changed.share': '{percent} % geändert',
  'sign.changed.count': '{files} geändert',
  'sign.attributes.share': '{percent} % andere Rechte',
  'sign.attributes.count': 'Rechte: {files}',
  'sign.created.count': '{files}',
  'sign.content': 'Daten wie nach einem Angriff',
  'sign.heartbeat.missing': 'Sicherung des Servers fehlt',
  'sign.heartbeat.damaged': 'Lebenszeichen ist falsch',
  'sign.heartbeat.foreign': 'fremdes Lebenszeichen',
  'sign.heartbeat.stale': 'Sicherung des Servers alt',
  'sign.heartbeat.ahead': 'Uhren gehen verschieden',
  'sign.waiting': 'wartet auf Ihre Antwort',
  'sign.attack': '{sign}: Angriff?',
};
