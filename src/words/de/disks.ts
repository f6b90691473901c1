import type { Words } from '../catalogue.ts';
import type { disks as english } from '../en/disks.ts';

/** German: disks that wait, are open or are not used. */
export const disks: Words<typeof english> = {
  'key.subject': '{drive} wartet auf den Schlüssel',
  'key.text':
    'Die Platte {drive} ist eingesteckt, aber der Schlüssel ist nicht geladen: Noch ist nichts gesichert.\n' +
    'An der Station anmelden und eingeben: extbackup unlock\n' +
    'Die Platte eingesteckt lassen: Die Sicherung beginnt dann von selbst.',
  'device.subject': '{drive} wartet: Platten sind in Gebrauch',
  'device.text':
    'Die Platte {drive} ist eingesteckt, aber ihre Sicherung kann noch nicht beginnen: Ein Befehl oder eine Person ' +
    'benützt die Platten.\nEingesteckt lassen: Die Sicherung beginnt von selbst.\nEinzelheiten (englisch): {reason}',
  'released.subject': '{drive} ist zu, darf ausgesteckt werden',
  'released.text': 'Die Platte {drive} war offen geblieben.',
  'open.subject': '{drive} NICHT AUSSTECKEN',
  'open.text':
    'Die Platte {drive} ist noch offen: NICHT AUSSTECKEN.\n' +
    'Die Programme beenden, die sie benützen, dann an der Station eingeben: extbackup release\n' +
    'Einzelheiten (englisch): {reason}.',
  'torn.subject': '{drive} wurde offen ausgesteckt',
  'torn.text':
    'Die Platte {drive} wurde ausgesteckt, während die Station sie offen hatte.\n' +
    'An der Station eingeben: extbackup release\n' +
    'Dann die Platte wieder einstecken, damit ihr Dateisystem geprüft wird.',
  'ignored.not-enrolled': 'Eine unbekannte Platte ist eingesteckt',
  'ignored.duplicate-uuid': 'Zwei gleiche Platten: keine wird benützt',
  'ignored.no-block-device': 'Eine USB-Platte startet nicht',
  'ignored.not-authorized': 'Eine USB-Platte ist hier gesperrt',
  'ignored.of': '{drive}? {what}',
  'ignored.no-luks': 'Platte ohne Sicherung eingesteckt',
  'request.subject': 'Ein Auftrag war nicht verständlich',
  'request.text':
    'Ein Auftrag wurde beiseitegelegt; Grund (englisch): {reason}.\n' +
    'Wenn jetzt eine Sicherung erwartet wird, an der Station eingeben: extbackup run',
};
