import type { Translated } from '../catalogue.ts';

/** German: errors of runs: what happened, what to do. */
export const errors: Translated['errors'] = {
  other: ['ein Fehler, den das Programm englisch beschreibt.', 'Nachsehen mit: extbackup doctor'],
  EXB_NETWORK: ['Der Server war nicht erreichbar, oder die Verbindung brach ab.', 'Netz und Server prüfen.'],
  EXB_HOST_KEY: [
    'Der Server weist sich mit einem anderen Schlüssel aus als bisher. Nichts wurde gesendet.',
    'Wurde der Server neu aufgesetzt, den Fingerabdruck vergleichen: extbackup setup --help. Sonst antwortet ein anderer Rechner.',
  ],
  EXB_LOGIN: [
    'Der Server nahm den Schlüssel der Station nicht an.',
    'Auf dem Server als root das Skript von extbackup server-setup ausführen.',
  ],
  EXB_REFUSED: [
    'Der Server nahm die Anmeldung an, verweigerte aber die Dateien.',
    'Auf dem Server als root das Skript von extbackup server-setup ausführen.',
  ],
  EXB_ACCOUNT: [
    'Das Konto der Station auf dem Server ist abgelaufen.',
    'Auf dem Server als root das Skript von extbackup server-setup ausführen.',
  ],
  EXB_NO_RSYNC: [
    'Der Server sandte etwas anderes als Dateien.',
    'Auf dem Server als root das Skript von extbackup server-setup ausführen.',
  ],
  EXB_NO_SOURCE: [
    'Das Verzeichnis fehlt auf dem Server.',
    'Prüfen, ob sein Dateisystem auf dem Server eingehängt ist.',
  ],
  EXB_EMPTY_SOURCE: [
    'Auf dem Server ist das Verzeichnis leer. Auf der Platte wurde nichts gelöscht.',
    'Prüfen, ob sein Dateisystem auf dem Server eingehängt ist.',
  ],
  EXB_REQUIRED_MISSING: [
    'Ein Verzeichnis, das vorhanden sein muss, fehlt auf dem Server. Nichts wurde geändert.',
    'Auf dem Server einhängen, dann: extbackup run',
  ],
  EXB_LINK: ['Die Verbindung zum Server liess sich nicht starten.', 'Nachsehen mit: extbackup doctor'],
  EXB_GAPS: ['Einige Dateien konnten nicht kopiert werden.', 'Die Ursache auf dem Server beheben, dann: extbackup run'],
  EXB_HELD: ['Die Sicherung wartet auf eine Antwort.', 'Nachsehen mit: extbackup approve --help'],
  EXB_CHANGED_MEANWHILE: [
    'Während des Laufs wurden auf dem Server viele Dateien gelöscht; auf der Platte sind sie noch.',
    'Den Server ansehen. Wenn alles stimmt: extbackup run',
  ],
  EXB_STALLED: ['Es ging zu lange nicht weiter.', 'Netz, Server, Kabel und Strom der Platte prüfen.'],
  EXB_TOO_LONG: [
    'Der Lauf dauerte zu lange; was kopiert ist, bleibt.',
    'Server und Netz prüfen, oder mehr Zeit erlauben (pull.longest).',
  ],
  EXB_FLOOD: ['Der Server sandte endlose Meldungen statt Dateien.', 'Den Server ansehen.'],
  EXB_PULL: ['Das Kopieren brach mit einem Fehler ab.', 'Nachsehen mit: extbackup doctor'],
  EXB_SOURCES: ['Mehrere Quellen sind aus verschiedenen Gründen fehlgeschlagen.', 'Siehe die Einzelheiten.'],
  EXB_HOOK: ['Ein Programm der Einstellungen (hooks) schlug fehl.', 'Das Programm korrigieren, dann: extbackup run'],
  EXB_DISK_FULL: [
    'Die Platte ist voll.',
    'Weniger Historie behalten (history.keep), oder eine grössere Platte vorbereiten.',
  ],
  EXB_DISK_ERROR: [
    'Die Platte meldet Fehler oder antwortet nicht.',
    'Kabel und Strom prüfen und neu einstecken; im Wiederholungsfall die Platte ersetzen.',
  ],
  EXB_DISK_GONE: [
    'Die Platte wurde ausgesteckt, bevor sie fertig war.',
    'Wieder einstecken und warten, bis sie ausgesteckt werden darf.',
  ],
  EXB_STATION: ['Die Station selbst hat ein Problem.', 'Nachsehen mit: extbackup doctor'],
  EXB_DISK_READ_ONLY: [
    'Die Platte lässt sich nur lesen. Sie wurde nicht geöffnet.',
    'Schalter am Gehäuse, Kabel und Anschluss prüfen.',
  ],
  EXB_DISK_SMALLER: [
    'Die Platte zeigt weniger Platz als früher. Sie wurde nicht geöffnet.',
    'Mit dem ursprünglichen Gehäuse oder Adapter anschliessen.',
  ],
  EXB_NOT_CONFINED: [
    'Der Schutz von rsync (bwrap) fehlt. Die Platte wurde nicht geöffnet.',
    'An der Station eingeben: apt-get install --reinstall bubblewrap',
  ],
  EXB_NOT_PRESENT: ['Die Platte war nicht eingesteckt.', 'Die Platte einstecken.'],
  EXB_BUSY: ['Ein anderer Befehl benützt die Platten.', 'Sein Ende abwarten: extbackup status --watch'],
  EXB_CANCELLED: ['Jemand hat den Lauf abgebrochen.', 'Neu beginnen mit: extbackup run'],
  EXB_OUT_OF_MEMORY: ['Der Station ging der Arbeitsspeicher aus.', 'Andere Programme beenden, dann: extbackup run'],
  EXB_CUT_OFF: [
    'Das Programm oder die Station fiel mitten im Lauf aus.',
    'Ist die Platte eingesteckt, sie eingesteckt lassen: Der Lauf beginnt von selbst neu, höchstens dreimal.',
  ],
  EXB_NOT_RELEASED: [
    'Die Platte liess sich nicht schliessen.',
    'Die Programme beenden, die sie benützen, dann: extbackup release',
  ],
  EXB_ABSENT: ['Die Platte war nicht eingesteckt.', 'Die Platte einstecken.'],
  EXB_NOT_ENROLLED: ['Die Platte ist hier nicht eingeschrieben.', 'Nachsehen mit: extbackup drive list'],
  EXB_UNKNOWN_DRIVE: ['Die Platte ist hier nicht eingeschrieben.', 'Nachsehen mit: extbackup drive list'],
  EXB_LOST: ['Die Platte gilt als verloren.', 'Wurde sie gefunden: extbackup drive lost --help'],
  EXB_RETIRED: ['Die Platte ist ausgemustert.', 'Wieder aufnehmen: extbackup drive retire --help'],
  EXB_DUPLICATE: [
    'Zwei gleiche Platten sind eingesteckt; eine ist eine Kopie.',
    'Keine ausstecken, solange eine benützt wird: extbackup status. Danach beide ausstecken und nur die richtige wieder einstecken.',
  ],
  EXB_STRANGE_VOLUME: ['Die Platte ist nicht die eingeschriebene.', 'Neu einstecken; bleibt es dabei, Hilfe holen.'],
  EXB_LABEL_MISSING: [
    'Auf der Platte fehlt die Datei LABEL. Nichts wurde geändert.',
    'Prüfen, ob es die richtige Platte ist.',
  ],
  EXB_LABEL_MISMATCH: [
    'Innen auf der Platte steht ein anderer Name. Nichts wurde geändert.',
    'Prüfen, welche Platte es ist: extbackup drive list',
  ],
  EXB_SEAL_MISSING: [
    'Das Siegel auf der Platte fehlt. Nichts wurde geändert.',
    'Prüfen, ob es die richtige Platte ist.',
  ],
  EXB_SEAL_MISMATCH: [
    'Das Siegel gehört zu einer anderen Platte: Das ist eine Kopie. Nichts wurde geändert.',
    'Klären, wer die Platte hatte.',
  ],
  EXB_ROLLED_BACK: [
    'Die Platte ist in einem älteren Zustand, als die Station weiss. Nichts wurde geändert.',
    'Klären, wer die Platte hatte.',
  ],
  EXB_STRANGE_INSIDE: [
    'Der Inhalt der Platte wurde verändert. Nichts wurde geschrieben.',
    'Klären, wer die Platte hatte.',
  ],
  EXB_LAYOUT: [
    'Auf der Platte sind andere Quellen als in den Einstellungen. Nichts wurde geändert.',
    'Eine andere Platte verwenden.',
  ],
  EXB_NO_SET: [
    'Die Platte gehört zu keinem Satz der Einstellungen. Nichts wurde geändert.',
    'Die Platte in den Einstellungen einem Satz zuordnen (rotation.sets).',
  ],
  EXB_NEWER_DATA: [
    'Die Aufzeichnungen sind von einer neueren Version des Programms.',
    'Die neuere Version wieder installieren.',
  ],
  EXB_LUKS_HEADER: [
    'Der LUKS-Header der Platte ist beschädigt oder verändert. Sie wird nicht benützt.',
    'Hat niemand ihn geändert, an Manipulation denken und eine andere Platte verwenden.',
  ],
  EXB_LUKS: ['Die Platte liess sich nicht öffnen.', 'Nachsehen mit: extbackup doctor'],
  EXB_NO_LUKS: ['Auf der Platte ist kein LUKS-Volume.', 'Prüfen, ob es die richtige Platte ist.'],
  EXB_NO_MEMORY: ['Zum Öffnen der Platte fehlt Arbeitsspeicher.', 'Andere Programme beenden, dann: extbackup run'],
  EXB_FILESYSTEM: ['Auf der Platte ist kein bekanntes Dateisystem.', 'Prüfen, ob es die richtige Platte ist.'],
  EXB_FSCK: ['Das Dateisystem der Platte ist beschädigt.', 'Reparieren (siehe Einzelheiten) oder die Platte ersetzen.'],
  EXB_MOUNT: ['Das Dateisystem liess sich nicht einhängen.', 'Kabel prüfen und neu einstecken.'],
  EXB_KEY_MISSING: ['Der Schlüssel ist nicht geladen.', 'An der Station eingeben: extbackup unlock'],
  EXB_KEY_REJECTED: [
    'Die Platte oder der ssh-Schlüssel öffnet sich nicht mit dem jetzigen Schlüssel.',
    'Siehe die Einzelheiten.',
  ],
  EXB_CONFIG: ['Die Einstellungen haben einen Fehler.', 'Prüfen mit: extbackup config check'],
  EXB_LEDGER: ['Die Liste der Platten ist beschädigt.', 'Nachsehen mit: extbackup doctor'],
  EXB_TIMEOUT: ['Ein Programm brauchte zu lange.', 'Später noch einmal versuchen: extbackup run'],
  EXB_DAMAGED: ['Dateien auf der Platte sind beschädigt.', 'Der nächste Lauf kopiert sie neu: extbackup run'],
  EXB_BUG: ['ein unerwarteter Fehler im Programm.', 'Nachsehen mit: extbackup doctor'],
};
