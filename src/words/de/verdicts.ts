import type { Words } from '../catalogue.ts';
import type { verdicts as english } from '../en/verdicts.ts';

/** German: whether a disk may be unplugged. */
export const verdicts: Words<typeof english> = {
  'verdict.safe': 'DARF AUSGESTECKT WERDEN',
  'verdict.no': 'NICHT AUSSTECKEN',
  'verdict.leave': 'EINGESTECKT LASSEN',
  'verdict.gone': 'WURDE AUSGESTECKT',
  'verdict.unknown': 'VOR DEM AUSSTECKEN PRÜFEN',
  'release.safe': 'darf ausgesteckt werden',
  'release.open': 'NICHT AUSSTECKEN',
  'release.gone': 'wurde ausgesteckt',
  'release.resumes': 'eingesteckt lassen',
  'release.waits': 'eingesteckt lassen',
  'release.unknown': 'vor Ausstecken prüfen',
  'advice.safe': 'Die Platte ist geschlossen. Sie können sie ausstecken.',
  'advice.open': 'Die Platte NICHT AUSSTECKEN: Sie ist noch offen. An der Station eingeben: extbackup release',
  'advice.gone': 'Die Platte ist nicht mehr eingesteckt.',
  'advice.resumes':
    'Die Platte eingesteckt lassen: Sie ist jetzt geschlossen und wird wieder geöffnet, sobald das Programm läuft.',
  'advice.waits':
    'Die Platte eingesteckt lassen: Es geht von selbst weiter, sobald der Server antwortet. Bis dahin ist sie ' +
    'geschlossen; um sie trotzdem auszustecken, zuerst nachsehen: extbackup status',
  'advice.unknown':
    'Es ist nicht bekannt, ob die Platte ausgesteckt werden darf. An der Station eingeben: extbackup status',
  reason: 'Grund (englisch): {reason}.',
};
