import type { Words } from '../catalogue.ts';
import type { card as english } from '../en/card.ts';

/** German: the quick card. */
export const card: Words<typeof english> = {
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
  'card.other': 'WARTET, GESTOPPT, FEHLER oder HILFE RUFEN',
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
};
