import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSpoolNote } from '../../../src/protocol/spool-note.ts';

describe('a note in the spool', () => {
  it.each([
    ['udev.add.12.sda1', { kind: 'udev', action: 'add', diskseq: 12, device: 'sda1' }],
    ['udev.remove..sdb', { kind: 'udev', action: 'remove', device: 'sdb' }],
    ['key.unlock.77', { kind: 'nudge', about: 'key' }],
    ['drive.changed.77', { kind: 'nudge', about: 'drive' }],
    ['restart.upgrade.77', { kind: 'restart' }],
  ])('understands %s', (name, note) => {
    expect(parseSpoolNote(name, '')).toEqual(note);
  });

  it('understands a request', () => {
    const request = { version: 1, kind: 'run', id: 'abcd-1234', drive: 'BACKUP_1', scheduled: false };
    expect(parseSpoolNote('request.abcd-1234.json', JSON.stringify(request))).toEqual({ kind: 'request', request });
  });

  it.each([
    ['request.abcd-1234.json', '{"version":1,"kind":"run"'],
    ['request.abcd-1234.json', ''],
    ['request.abcd-1234.json', '{"version":2,"kind":"run","id":"abcd-1234","drive":null,"scheduled":false}'],
    ['request.abcd-1234.json', '{"version":1,"kind":"format","id":"abcd-1234"}'],
    ['udev.add.12.../../etc', ''],
    ['udev.move.1.sda', ''],
    ['notes.txt', 'hello'],
    ['.request.abcd-1234.json', '{}'],
  ])('takes %s with content %j for none of ours', (name, content) => {
    expect(parseSpoolNote(name, content)).toBeUndefined();
  });

  it('never throws, whatever a file is called and holds', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (name, content) => {
        parseSpoolNote(name, content);
        parseSpoolNote(`request.${name}.json`, content);
        parseSpoolNote(`udev.add.${name}`, content);
      }),
    );
  });
});
