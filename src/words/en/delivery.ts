/** English: the lines before and after the text of a notice, and the notice with the report. */
export const delivery = {
  contact: 'Who to call: {contact}',
  details: '{text}',
  'late.failed': 'This comes late: it could not be delivered on {moment}.',
  'late.quiet': 'This is from {moment}; it was held back during the quiet hours.',
  'test.subject': 'This is a test, nothing has happened',
  'test.text': 'Somebody ran "extbackup notify test" to see whether notices arrive here. They do.',
  'mail.sender': 'extbackup on {station}, {moment}',
  'report.subject': 'Report: offline copy {drive} is {age} old',
  'report.none': 'Report: there is no offline copy',
  'report.attached': 'The page with all figures is attached.',
} as const;
