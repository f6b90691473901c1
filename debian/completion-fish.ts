import type { Verb, VerbOption } from './command-tree.ts';
import {
  globalOptions,
  listCommands,
  offerForOperand,
  offerForOption,
  optionsOf,
  parentsOf,
  topVerbs,
  type Offer,
} from './completed-values.ts';

/**
 * Completions for fish; see complete(1) of fish.
 * @param shown commands that are offered at the top
 */
export function fishCompletion(verbs: readonly Verb[], shown: readonly string[]): string {
  const lines = [
    ...topVerbs(verbs, shown).map(({ name, description }) => word('', name, description)),
    ...globalOptions.map((option) => optionLine('', option)),
    ...verbs.flatMap((verb) => [
      ...verb.children.map((child) =>
        word(verb.name, child, verbs.find(({ name }) => name === `${verb.name} ${child}`)?.description ?? ''),
      ),
      ...optionsOf(verb).map((option) => optionLine(verb.name, option)),
      ...operand(verb),
    ]),
  ];
  return `# fish completion for extbackup

function __extbackup_labels
    ${listCommands.labels}
end

function __extbackup_runs
    ${listCommands.runs}
end

# Whether the words before the cursor name this command.
function __extbackup_at
    set -l words (commandline -opc)
    set -e words[1]
    set -l verb ''
    set -l skip no
    for word in $words
        if test $skip = yes
            set skip no
            continue
        end
        switch $word
            case --config
                set skip yes
            case '-*'
            case '*'
                if contains -- "$verb" '' ${parentsOf(verbs).map(quoted).join(' ')}
                    set verb (string trim -- "$verb $word")
                end
        end
    end
    test "$verb" = "$argv[1]"
end

complete -c extbackup -f
${lines.join('\n')}
`;
}

const at = (verb: string): string => `complete -c extbackup -n ${quoted(`__extbackup_at "${verb}"`)}`;

const word = (verb: string, name: string, description: string): string =>
  `${at(verb)} -a ${quoted(name)} -d ${quoted(description)}`;

const optionLine = (verb: string, option: VerbOption): string =>
  `${at(verb)} -l ${option.name.slice(2)}${valueOf(offerForOption(option))} -d ${quoted(option.description)}`;

function valueOf(offer: Offer | undefined): string {
  if (offer === undefined) return '';
  if (offer.kind === 'files') return ' -r -F';
  if (offer.kind === 'any') return ' -x';
  return ` -x -a ${quoted(offer.kind === 'words' ? offer.words.join(' ') : `(__extbackup_${offer.kind})`)}`;
}

function operand(verb: Verb): string[] {
  const { kind } = offerForOperand(verb);
  if (kind === 'files') return [`${at(verb.name)} -F`];
  if (kind === 'labels') return [`${at(verb.name)} -a '(__extbackup_labels)'`];
  return kind === 'runs' ? [`${at(verb.name)} -a '(__extbackup_labels; __extbackup_runs)'`] : [];
}

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
