import type { Words } from '../catalogue.ts';
import type { rotation as english } from '../en/rotation.ts';

/** German: disks that have to be brought. */
export const rotation: Words<typeof english> = {
  'overdue.subject': '{drive} ist überfällig: bitte bringen',
  'overdue.never': 'Die Platte {drive} hat noch keine Sicherung.',
  'overdue.since': 'Die letzte Sicherung auf der Platte {drive} ist vom {day}.',
  'overdue.next': 'Bitte zur Station bringen und einstecken.',
  'rotation.subject': 'Alle Platten sind überfällig',
  'rotation.subject.next': 'Alle Platten überfällig: {drive} bringen',
  'rotation.none.subject': 'Es gibt keine Kopie ausser Haus',
  'rotation.none': 'Keine ausgesteckte Platte hat eine Sicherung.',
  'rotation.since': 'Die frischeste Kopie, die nicht eingesteckt ist, auf der Platte {drive}, ist vom {day}.',
  'rotation.risk': 'Gingen Server und Station heute verloren, bliebe nur das.',
  'rotation.list': 'Überfällig: {list}.',
  'rotation.prepare': 'An der Station eine Platte vorbereiten: extbackup drive prepare --help',
  'rotation.swap': 'Die Platte {drive} zur Station bringen, und die eingesteckte in den Safe legen.',
  'rotation.bring': 'Die Platte {drive} zur Station bringen und einstecken.',
  'set.subject': 'Satz {set} ist überfällig',
  'set.none.subject': 'Keine ganze Kopie des Satzes {set}',
  'set.none': 'Keine ausgesteckte Platte des Satzes {set} hat eine vollständige Sicherung.',
  'set.risk': 'Gingen Server und Station heute verloren, bliebe von seinen Quellen nur das.',
  'next.late': 'Bitte bringen: {drive}, so bald wie möglich; sie ist überfällig.',
  'next.today': 'Bitte bringen: {drive}, heute.',
  'next.by': 'Bitte bringen: {drive}, bis {day}.',
};
