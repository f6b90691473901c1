import type { Catalogue } from './catalogue.ts';

/** German, in a spelling that is right in Switzerland, Germany and Austria. */
export const de: Catalogue = {
  numbers: { decimal: ',', thousands: '\u00A0' },
  dates: {
    locale: 'de-CH',
    day: '{weekday}, {day}. {month}',
    dayOfYear: '{weekday}, {day}. {month} {year}',
    moment: '{day}, {time} Uhr ({zone})',
  },
  nouns: {
    second: { one: '{count} Sekunde', other: '{count} Sekunden' },
    minute: { one: '{count} Minute', other: '{count} Minuten' },
    hour: { one: '{count} Stunde', other: '{count} Stunden' },
    day: { one: '{count} Tag', other: '{count} Tage' },
    file: { one: '{count} Datei', other: '{count} Dateien' },
    newFile: { one: '{count} neue Datei', other: '{count} neue Dateien' },
    entry: { one: '{count} Eintrag', other: '{count} Einträge' },
    oldEntry: { one: '{count} alter Eintrag', other: '{count} alte Einträge' },
  },
  messages: {
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
    'started.subject': '{drive} wird gesichert: NICHT AUSSTECKEN',
    'started.text':
      'Die Sicherung auf die Platte {drive} hat begonnen. Die Platte bis zur nächsten Nachricht eingesteckt lassen.',
    'done.subject': '{drive} ist fertig, {release}',
    'done.open.subject': '{drive} ist gesichert, aber NICHT AUSSTECKEN',
    'done.text': 'Die Sicherung auf die Platte {drive} ist vollständig.',
    'done.verified': 'Zurückgelesen und verglichen: {files} ({size}).',
    'done.damaged': 'BESCHÄDIGT auf der Platte: {files}; siehe: extbackup verify --help',
    'done.vanished': 'Während des Kopierens auf dem Server verschwunden: {files}; der nächste Lauf sieht nach.',
    'done.someVanished':
      'Einige Dateien verschwanden während des Kopierens auf dem Server; der nächste Lauf sieht nach.',
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
    'held.subject': 'GESTOPPT: {drive}: {sign}',
    'held.open.subject': 'GESTOPPT: {drive}, NICHT AUSSTECKEN',
    'held.other.subject': 'GESTOPPT: {drive}, {release}',
    'held.first': 'GESTOPPT: {drive}: {headline}.',
    'held.text':
      'Die Sicherung auf die Platte {drive} hat angehalten, um zu fragen. Einzelheiten (englisch): {happened}',
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
    contact: 'Hilfe: {contact}',
    details: 'Einzelheiten (englisch): {text}',
    'late.failed': 'Diese Nachricht kommt verspätet: Sie konnte am {moment} nicht zugestellt werden.',
    'late.quiet': 'Diese Nachricht ist vom {moment}; sie wurde während der Ruhezeit zurückgehalten.',
    'test.subject': 'Das ist ein Test, es ist nichts passiert',
    'test.text': 'Jemand hat mit "extbackup notify test" geprüft, ob Nachrichten hier ankommen. Sie kommen an.',
    'mail.sender': 'extbackup auf {station}, {moment}',
    'report.subject': 'Bericht: Alter der Kopie auf {drive}: {age}',
    'report.none': 'Bericht: Es gibt keine Kopie ausser Haus',
    'report.attached': 'Die Seite mit allen Zahlen ist angehängt.',
    'card.title': 'Sicherungsstation {station}',
    'card.picture': 'Eine Platte wird eingesteckt, wartet auf ihr Zeichen und kommt zurück in den Tresor',
    'card.plug': '1. Einstecken',
    'card.wait': '2. Warten',
    'card.take': '3. Ausstecken',
    'card.plugText': 'Die nächste Platte anschliessen. Es ist nichts einzugeben.',
    'card.waitText': 'Die Sicherung beginnt von selbst. Sie erfahren, wann sie fertig ist.',
    'card.waitTook': 'Die Sicherung beginnt von selbst. Dauer beim letzten Mal: {duration}.',
    'card.takeText': 'Erst wenn es so angezeigt wird. Die Platte in den Tresor legen.',
    'card.states': 'Was die Nachricht oder der Bildschirm sagt',
    'card.safeText': 'Die Sicherung ist fertig und die Platte geschlossen. Ausstecken und in den Tresor bringen.',
    'card.noText':
      'Die Platte ist in Gebrauch. Eingesteckt lassen, auch wenn nichts zu geschehen scheint. Eine erste Sicherung ' +
      'kann Tage dauern.',
    'card.other': 'WARTET, ANGEHALTEN oder FEHLER',
    'card.otherText': 'Alles lassen, wie es ist, und anrufen. Keine andere Platte einstecken.',
    'card.next': 'Die nächsten Platten',
    'card.disk': 'Platte',
    'card.by': 'Bringen bis',
    'card.last': 'Letzte Sicherung',
    'card.now': 'jetzt: überfällig',
    'card.here': 'ist eingesteckt',
    'card.never': 'noch keine',
    'card.noDisks': 'Noch ist keine Platte vorbereitet.',
    'card.never1':
      'Nie eine Platte formatieren, auch wenn ein Computer es anbietet: Sie ist verschlüsselt und sieht dort leer aus.',
    'card.never2': 'Die Station nie ausschalten, solange NICHT AUSSTECKEN angezeigt wird.',
    'card.never3': 'Immer nur eine Platte tragen. Die anderen bleiben im Tresor.',
    'card.call': 'Hilfe rufen',
    'card.printed': 'Gedruckt: {day}. Neu drucken, wenn sich Platten ändern: extbackup quick-card',
  },
  warnings: {
    agent: 'Ein Teil des Programms ist gestört',
    attack: 'Anzeichen eines Angriffs',
    box: 'rsync läuft ohne Schutzhülle',
    channel: 'Ein Meldeweg funktioniert nicht',
    clock: 'Die Uhr ist nicht abgeglichen',
    'clock-jump': 'Die Uhr ist gesprungen',
    closed: 'Eine Platte war offen geblieben',
    compare: 'nicht alles verglichen',
    'cut-off': 'ein früherer Lauf brach ab',
    damage: 'BESCHÄDIGTE Dateien auf der Platte',
    dates: 'nicht darstellbare Datumsangaben',
    'disk-errors': 'die Platte meldet Fehler',
    drill: 'Wiederherstellung lange nicht geprobt',
    forgotten: 'die Platte ist noch offen',
    gaps: 'einige Dateien fehlen',
    health: 'die Platte wird unzuverlässig',
    hook: 'ein eigenes Programm schlug fehl',
    'in-use': 'NICHT AUSSTECKEN, in Gebrauch',
    key: 'Der Schlüssel ist nicht brauchbar',
    layout: 'ein Verzeichnis ist überholt',
    metrics: 'Messwerte nicht geschrieben',
    moved: 'Quelle in anderem Satz',
    notice: 'Eine Nachricht fehlt vielleicht',
    park: 'die Platte lässt sich nicht anhalten',
    polling: 'Platten werden später bemerkt',
    'read-back': 'Kopie nicht zurückgelesen',
    records: 'Aufzeichnungen nicht geschrieben',
    registry: 'Die Liste der Platten ist beschädigt',
    release: 'Eine Platte lässt sich nicht schliessen',
    rights: 'alte Rechte gehen verloren',
    room: 'die Platte ist bald voll',
    salt: 'Keine Kopie des Salts ist bekannt',
    settings: 'Fehler in den Einstellungen',
    station: 'Die Station braucht Aufmerksamkeit',
    usb: 'USB wird nicht überwacht',
    wake: 'der Server wurde nicht geweckt',
  },
  translated: {
    warnings: {
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
      metrics:
        'Die Messwerte für die Überwachung konnten nicht geschrieben werden. Die Sicherungen sind nicht betroffen.',
      moved:
        'Eine Quelle gehört jetzt zu einem anderen Satz; noch keine Platte davon hat sie ganz. Eine solche Platte bringen.',
      notice: 'Der letzte Lauf war zu Ende, aber seine Nachricht fehlt vielleicht. Nachsehen mit: extbackup history',
      park: 'Die Platte ist geschlossen, aber ihr Motor lässt sich nicht anhalten. Die Sicherung ist nicht betroffen.',
      polling: 'Platten, Schlüssel und Aufträge werden eine Sekunde später bemerkt. Nachsehen mit: extbackup doctor',
      'read-back':
        'Die Sicherung ist vollständig, konnte aber nicht zurückgelesen werden. Prüfen mit: extbackup verify',
      records: 'Die Station kann ihre Aufzeichnungen nicht schreiben. Den freien Platz prüfen: df /var/lib/extbackup',
      registry: 'Die Liste der Platten ist nicht lesbar. Nachsehen mit: extbackup doctor',
      release: 'Es ist nicht sicher, ob die Platte geschlossen ist: NICHT AUSSTECKEN. Nachsehen mit: extbackup status',
      rights: 'Besitzer und Rechte von vor dem Lauf konnten nicht aufbewahrt werden. Nötig: apt-get install acl attr',
      room: 'Die Platte ist in wenigen Läufen voll. Rechtzeitig eine grössere vorbereiten.',
      salt: 'Ohne Salt sind alle Platten verloren. Das Blatt drucken und weglegen: extbackup recovery-sheet',
      settings:
        'Die Einstellungen haben einen Fehler; die letzten gültigen gelten weiter. Prüfen: extbackup config check',
      station: 'Eine Prüfung der Station ist schlechter ausgefallen als zuvor. Nachsehen mit: extbackup doctor',
      usb: 'USB lässt sich nicht überwachen. Platten werden weiter bemerkt; nur solche, die nicht starten, nicht.',
      wake: 'Der Server konnte nicht geweckt werden (Einstellung wake). Das Netz der Station prüfen: ip -br address',
    },
    ignored: {
      'not-enrolled':
        'Eine verschlüsselte Platte, die hier nicht eingeschrieben ist, wurde eingesteckt. Sie wurde nicht geöffnet. ' +
        'Gehört sie zu dieser Station: extbackup drive adopt --help',
      'duplicate-uuid':
        'Zwei Platten mit demselben LUKS-Header sind eingesteckt; eine ist eine Kopie. Keine wurde geöffnet. Beide ' +
        'ausstecken und nur die richtige wieder einstecken.',
      'no-block-device':
        'Eine USB-Platte wurde eingesteckt, startet aber nicht. Kabel und Strom prüfen, dann an einem anderen Anschluss ' +
        'einstecken.',
      'not-authorized':
        'Eine USB-Platte wurde eingesteckt, aber die Station lässt sie nicht zu (USB-Regeln). Sie wurde nicht angerührt.',
      'no-luks':
        'Eine Platte ohne LUKS-Volume wurde eingesteckt; sie wurde nicht angerührt. Nichts darauf schreiben, bevor ' +
        'bekannt ist, welche Platte es ist.',
    },
    held: {
      limits:
        'Zuerst den Server ansehen. Was sich geändert hat: extbackup approve {drive} --show. ' +
        'Wenn alles stimmt: extbackup approve {drive} --reason TEXT. ' +
        'Wenn nicht, den Server reparieren und die Platte zurücksetzen: extbackup rollback {drive}',
      heartbeat:
        'Auf der Platte wurde nichts geändert. Zuerst die Sicherung des Servers selbst ansehen, dann die Platte neu ' +
        'einstecken. Den Server trotzdem sichern, wie er ist: extbackup approve {drive} --reason TEXT',
    },
    errors: {
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
      EXB_GAPS: [
        'Einige Dateien konnten nicht kopiert werden.',
        'Die Ursache auf dem Server beheben, dann: extbackup run',
      ],
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
      EXB_HOOK: [
        'Ein Programm der Einstellungen (hooks) schlug fehl.',
        'Das Programm korrigieren, dann: extbackup run',
      ],
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
        'Beide ausstecken, und nur die richtige wieder einstecken.',
      ],
      EXB_STRANGE_VOLUME: [
        'Die Platte ist nicht die eingeschriebene.',
        'Neu einstecken; bleibt es dabei, Hilfe holen.',
      ],
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
      EXB_FSCK: [
        'Das Dateisystem der Platte ist beschädigt.',
        'Reparieren (siehe Einzelheiten) oder die Platte ersetzen.',
      ],
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
    },
  },
};
