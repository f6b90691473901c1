import type { Phase } from '../bus/events.ts';
import type { MessageName } from '../words/catalogue.ts';
import { english, type Speaker } from '../words/speaker.ts';

/** The present part of a run in words; an unknown phase is shown by its name. */
export function phaseWords(phase: string, words: Speaker = english): string {
  const name: MessageName = `phase.${phase as Phase}`; // so each phase has its words
  return name in words.catalogue.messages ? words.say(name) : phase;
}
