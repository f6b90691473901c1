import type { Words } from '../catalogue.ts';
import type { delivery as english } from '../en/delivery.ts';

/** German: the lines before and after the text of a notice, and the notice with the report. */
export const delivery: Words<typeof english> = {
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
};
