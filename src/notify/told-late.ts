import { speakerOf } from '../words/speaker.ts';
import type { Notice } from './channel.ts';
import { releaseAdvice, releaseWords, type Release } from './wording.ts';

/**
 * A notice that is delivered late. Its words about the disk were true then: another run may have opened it since,
 * so "safe to unplug" is removed.
 */
export function toldLate(notice: Notice, why: 'failed' | 'quiet' = 'failed'): Notice {
  const words = speakerOf(notice.language);
  const [safe, unknown]: [Release, Release] = [{ state: 'safe' }, { state: 'unknown' }];
  const [advice, other] = [safe, unknown].map((release) => releaseAdvice(words, release).join('\n')) as [
    string,
    string,
  ];
  return {
    ...notice,
    ...(notice.unplug === 'safe' && { unplug: 'unknown' }),
    subject: notice.subject.replace(releaseWords(words, safe), releaseWords(words, unknown)),
    text: [
      words.say(`late.${why}`, { moment: words.moment(new Date(notice.at)) }),
      notice.text.replace(advice, other),
    ].join('\n'),
  };
}
