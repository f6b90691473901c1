/** English: whether a disk may be unplugged. */
export const verdicts = {
  'verdict.safe': 'SAFE TO UNPLUG',
  'verdict.no': 'DO NOT UNPLUG',
  'verdict.leave': 'LEAVE IT PLUGGED IN',
  'verdict.gone': 'IT WAS TAKEN OUT',
  'verdict.unknown': 'CHECK BEFORE YOU UNPLUG IT',
  'release.safe': 'safe to unplug',
  'release.open': 'DO NOT UNPLUG',
  'release.gone': 'it was taken out',
  'release.resumes': 'leave it plugged in',
  'release.waits': 'leave it plugged in',
  'release.unknown': 'check before you unplug it',
  'advice.safe': 'The disk is closed. You can take it out.',
  'advice.open': 'DO NOT UNPLUG the disk yet: it is still open. On the station run: extbackup release',
  'advice.gone': 'The disk is no longer plugged in.',
  'advice.resumes': 'Leave the disk plugged in: it is closed now, and will be opened again as soon as the agent runs.',
  'advice.waits': `Leave the disk plugged in: it goes on by itself when the server answers. It is closed until then; \
to unplug it anyway, look first at: extbackup status`,
  'advice.unknown': 'It is not known whether the disk can be unplugged. On the station run: extbackup status',
  reason: 'Reason: {reason}.',
} as const;
