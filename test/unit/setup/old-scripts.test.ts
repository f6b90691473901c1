import { describe, expect, it } from 'vitest';
import { readAssignment } from '../../../src/setup/old-scripts.ts';

describe('an assignment in a shell script', () => {
  it.each([
    ["SALT='a b.$c'", 'a b.$c'],
    ['SALT="a b"', 'a b'],
    ['SALT=abc', 'abc'],
    ['  export SALT=abc # of old', 'abc'],
    ['#SALT=old\nSALT=new', 'new'],
    ["SALT='a'; OTHER=1", 'a'],
  ])('%j is read as %j', (script, value) => {
    expect(readAssignment(script, 'SALT')).toBe(value);
  });

  it.each([
    'SALT="$(cat /root/salt)"',
    'SALT="a$b"',
    'SALT=`date`',
    'SALT=$OTHER',
    "SALT='a'b",
    'PEPPER=a',
    'MY_SALT=a',
    '# SALT=a',
    'SALT=',
    "SALT=''",
  ])('%j has no plain value', (script) => {
    expect(readAssignment(script, 'SALT')).toBeUndefined();
  });
});
