import type { Words } from '../catalogue.ts';
import type { runs as english } from '../en/runs.ts';

/** German: the begin and the end of a run. */
export const runs: Words<typeof english> = {
  'started.subject': '{drive} wird gesichert: NICHT AUSSTECKEN',
  'started.text':
    'Die Sicherung auf die Platte {drive} hat begonnen. Die Platte bis zur nächsten Nachricht eingesteckt lassen.',
  'done.subject': '{drive} ist fertig, {release}',
  'done.open.subject': '{drive} ist gesichert, aber NICHT AUSSTECKEN',
  'done.text': 'Die Sicherung auf die Platte {drive} ist vollständig.',
  'done.verified': 'Zurückgelesen und verglichen: {files} ({size}).',
  'done.damaged': 'BESCHÄDIGT auf der Platte: {files}; siehe: extbackup verify --help',
  'done.vanished': 'Während des Kopierens auf dem Server verschwunden: {files}; der nächste Lauf sieht nach.',
  'done.someVanished': 'Einige Dateien verschwanden während des Kopierens auf dem Server; der nächste Lauf sieht nach.',
  'incomplete.subject': '{drive} ist unvollständig, {release}',
  'incomplete.text':
    'Einige Dateien konnten nicht auf die Platte {drive} kopiert werden: Sie gilt nicht als frische Sicherung.',
  'incomplete.next': 'Den Grund nennt der Server; für einen neuen Versuch die Platte noch einmal einstecken.',
  'figures.nothing': 'Nichts hatte sich geändert.',
  'figures.noCopy': 'Nichts wurde kopiert.',
  'figures.copied': 'Kopiert: {files} ({size}).',
  'figures.attributes':
    'Besitzer, Rechte oder Attribute geändert: {entries}; die alten bleiben erhalten, wenn die Platte eine Historie hat.',
  'figures.deleted': 'Auf dem Server nicht mehr vorhanden: {files}.',
  'figures.total': 'Umfang der Sicherung jetzt: {size}, {entries}.',
  'figures.took': 'Dauer: {duration}.',
  'pruned.rule': '{entries} ({size}) nach den Einstellungen (history.keep)',
  'pruned.blocks': '{entries} ({size}), weil die Platte voll war',
  'pruned.inodes': '{entries} ({size}), weil die Platte keine weiteren Dateien aufnehmen konnte',
  'pruned.all': 'Aus der Historie entfernt: {list}.',
  'pruned.givenUp': '{states} aufgegeben ({size}), nach history.keep.weekly, monthly und yearly.',
  'pruned.capped': 'Weitere sind fällig, aber ein Lauf entfernt nicht mehr (history.keep.perRun).',
  'pruned.stuck': 'Nicht ganz zu entfernen: {entries}.',
  'failed.subject': '{drive} fehlgeschlagen, {release}',
  'failed.text': 'Die Sicherung auf die Platte {drive} ist fehlgeschlagen: {happened}',
  'cancelled.subject': '{drive} wurde abgebrochen, {release}',
  'cancelled.text': 'Die Sicherung auf die Platte {drive} wurde abgebrochen: {happened}',
  'interrupted.subject': '{drive} wurde unterbrochen, {release}',
  'interrupted.text': 'Die Sicherung auf die Platte {drive} wurde unterbrochen: {happened}',
  'away.subject': '{drive} wartet auf den Server: eingesteckt lassen',
  'away.part.subject': '{drive} teils fehlgeschlagen: eingesteckt lassen',
  'away.text': 'Die Sicherung auf die Platte {drive} ist nicht vollständig: {happened}',
};
