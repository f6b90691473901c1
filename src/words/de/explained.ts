import type { Translated } from '../catalogue.ts';

/** German: what a warning means, and what to do. */
export const explainedWarnings: Translated['warnings'] = {
  agent: 'Ein Teil des Programms ist gestört; der Rest läuft weiter. Nachsehen mit: extbackup doctor',
  attack:
    'Die Daten vom Server sehen aus, als wären sie angegriffen worden. Den Server ansehen; die früheren Fassungen ' +
    'bleiben auf der Platte.',
  box: 'Der Schutz von rsync (bwrap) funktioniert hier nicht. Nachsehen mit: extbackup doctor',
  channel: 'Ein Meldeweg der Einstellungen kann niemanden erreichen. Nach der Korrektur: extbackup notify test',
  clock: 'Kein Dienst hält die Uhr der Station richtig. Nachsehen mit: timedatectl',
  'clock-jump': 'Die Uhr der Station ist gesprungen. Zeit und Datum prüfen mit: timedatectl',
  closed: 'Ein früherer Lauf brach ab und liess eine Platte offen. Sie ist jetzt geschlossen; zu tun ist nichts.',
  compare:
    'Die Sicherung ist vollständig, aber nicht alles wurde nach Inhalt verglichen. Der nächste Lauf holt es nach.',
  'cut-off': 'Ein früherer Lauf auf diese Platte brach ab; die Station hat davon keine Aufzeichnung.',
  damage: 'Dateien auf der Platte sind beschädigt. Den ganzen Inhalt prüfen mit: extbackup verify',
  dates: 'Die Platte kann einige Datumsangaben nicht darstellen. Der Inhalt ist vollständig; zu tun ist nichts.',
  'disk-errors':
    'Die Platte meldete Fehler. Anderes Kabel und anderen Anschluss versuchen; im Wiederholungsfall ersetzen.',
  drill: 'Es wurde lange nicht geprobt, ob sich Dateien wiederherstellen lassen. Proben mit: extbackup drill',
  forgotten: 'Jemand hat die Platte geöffnet und vielleicht vergessen. Schliessen mit: extbackup umount',
  gaps: 'Einige Dateien konnten nicht kopiert werden; ihre Namen stehen auf der Platte. Ursache auf dem Server beheben.',
  health: 'Die Platte meldet eine schlechte Gesundheit (SMART). Bald ersetzen.',
  hook: 'Ein Programm der Einstellungen (hooks) schlug fehl. Der Lauf ging weiter; das Programm korrigieren.',
  'in-use': 'Die Platte ist noch in Gebrauch: NICHT AUSSTECKEN. Die Programme beenden, dann: extbackup umount',
  key: 'Ein Schlüssel liegt nicht dort, wo er darf, und wird nicht benützt. extbackup lock, dann: extbackup unlock',
  layout: 'Ein Verzeichnis auf der Platte gehört zu keiner Quelle der Einstellungen mehr. Es bleibt erhalten.',
  metrics: 'Die Messwerte für die Überwachung konnten nicht geschrieben werden. Die Sicherungen sind nicht betroffen.',
  moved:
    'Eine Quelle gehört jetzt zu einem anderen Satz; noch keine Platte davon hat sie ganz. Eine solche Platte bringen.',
  notice: 'Der letzte Lauf war zu Ende, aber seine Nachricht fehlt vielleicht. Nachsehen mit: extbackup history',
  park: 'Die Platte ist geschlossen, aber ihr Motor lässt sich nicht anhalten. Die Sicherung ist nicht betroffen.',
  polling: 'Platten, Schlüssel und Aufträge werden eine Sekunde später bemerkt. Nachsehen mit: extbackup doctor',
  'read-back': 'Die Sicherung ist vollständig, konnte aber nicht zurückgelesen werden. Prüfen mit: extbackup verify',
  records:
    'Die Station kann ihre Aufzeichnungen nicht schreiben. Freien Platz und Fehler ihrer Platte prüfen: extbackup doctor',
  registry: 'Die Liste der Platten ist nicht lesbar. Nachsehen mit: extbackup doctor',
  release: 'Es ist nicht sicher, ob die Platte geschlossen ist: NICHT AUSSTECKEN. Nachsehen mit: extbackup status',
  rights: 'Besitzer und Rechte von vor dem Lauf konnten nicht aufbewahrt werden. Nötig: apt-get install acl attr',
  room: 'Die Platte ist in wenigen Läufen voll. Rechtzeitig eine grössere vorbereiten.',
  salt: 'Ohne Salt sind alle Platten verloren. Das Blatt drucken und weglegen: extbackup recovery-sheet',
  settings: 'Die Einstellungen haben einen Fehler; die letzten gültigen gelten weiter. Prüfen: extbackup config check',
  station: 'Eine Prüfung der Station ist schlechter ausgefallen als zuvor. Nachsehen mit: extbackup doctor',
  usb: 'USB lässt sich nicht überwachen. Platten werden weiter bemerkt; nur solche, die nicht starten, nicht.',
  wake: 'Der Server konnte nicht geweckt werden (Einstellung wake). Das Netz der Station prüfen: ip -br address',
};

/** German: why a plugged disk is not used. */
export const explainedDisks: Translated['ignored'] = {
  'not-enrolled':
    'Eine verschlüsselte Platte, die hier nicht eingeschrieben ist, wurde eingesteckt. Sie wurde nicht geöffnet. ' +
    'Gehört sie zu dieser Station: extbackup drive adopt --help',
  'duplicate-uuid':
    'Zwei Platten mit demselben LUKS-Header sind eingesteckt; eine ist eine Kopie. Solange eine Sicherung läuft, keine ' +
    'ausstecken. Danach beide ausstecken und nur die richtige wieder einstecken.',
  'no-block-device':
    'Eine USB-Platte wurde eingesteckt, startet aber nicht. Kabel und Strom prüfen, dann an einem anderen Anschluss ' +
    'einstecken.',
  'not-authorized':
    'Eine USB-Platte wurde eingesteckt, aber die Station lässt sie nicht zu (USB-Regeln). Sie wurde nicht angerührt.',
  'no-luks':
    'Eine Platte ohne LUKS-Volume wurde eingesteckt; sie wurde nicht angerührt. Nichts darauf schreiben, bevor ' +
    'bekannt ist, welche Platte es ist.',
};

/** German: what to do about a held run. */
export const answers: Translated['held'] = {
  limits:
    'Zuerst den Server ansehen. Was sich geändert hat: extbackup approve {drive} --show. ' +
    'Wenn alles stimmt: extbackup approve {drive} --reason TEXT. ' +
    'Wenn nicht, den Server reparieren und die Platte zurücksetzen: extbackup rollback {drive}',
  heartbeat:
    'Auf der Platte wurde nichts geändert. Zuerst die Sicherung des Servers selbst ansehen, dann die Platte neu ' +
    'einstecken. Den Server trotzdem sichern, wie er ist: extbackup approve {drive} --reason TEXT',
};
