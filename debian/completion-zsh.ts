import type { Verb } from './command-tree.ts';
import {
  globalOptions,
  listFunctions,
  offerForOperand,
  offerForOption,
  optionsOf,
  parentsOf,
  topVerbs,
} from './completed-values.ts';

/**
 * A completion function for zsh, for a directory of `fpath`; see zshcompsys(1).
 * @param shown commands that are offered at the top
 */
export function zshCompletion(verbs: readonly Verb[], shown: readonly string[]): string {
  return `#compdef extbackup
# zsh completion for extbackup

${listFunctions}

_extbackup()
{
    local verb='' cur=$words[CURRENT] prev=$words[CURRENT-1]
    local -i i
    local -a choices listed
    for ((i = 2; i < CURRENT; i++)); do
        case $words[i] in
            --config) ((i++)) ;;
            -*) ;;
            *) case $verb in
                   (${['', ...parentsOf(verbs)].map(quoted).join('|')}) verb="\${verb:+$verb }$words[i]" ;;
               esac ;;
        esac
    done

    if [[ $prev == --config ]]; then
        _files
        return
    fi

    case $verb in
        ('') choices=(${[...topVerbs(verbs, shown), ...globalOptions].map(described).join(' ')}) ;;
${verbs.map((verb) => caseOf(verb, verbs)).join('\n')}
    esac
    (( $#listed )) && compadd -a listed
    _describe -t commands extbackup choices
}

_extbackup "$@"
`;
}

function caseOf(verb: Verb, verbs: readonly Verb[]): string {
  const children = verbs.filter(({ name }) => verb.children.some((child) => name === `${verb.name} ${child}`));
  const choices = [
    ...children.map(({ name, description }) => ({ name: name.slice(verb.name.length + 1), description })),
    ...optionsOf(verb),
  ];
  return `        (${quoted(verb.name)})${afterOption(verb)}${operand(verb)}
            choices=(${choices.map(described).join(' ')}) ;;`;
}

/** Values of the option before the cursor. */
function afterOption({ options }: Verb): string {
  const lines = options.flatMap((option) => {
    const offer = offerForOption(option);
    if (offer === undefined) return [];
    if (offer.kind === 'words') return [`(${option.name}) compadd -- ${offer.words.join(' ')}; return ;;`];
    if (offer.kind === 'files') return [`(${option.name}) _files; return ;;`];
    if (offer.kind === 'any') return [`(${option.name}) return ;;`];
    return [`(${option.name}) listed=(\${(f)"$(_extbackup_${offer.kind})"}); compadd -a listed; return ;;`];
  });
  return lines.length === 0 ? '' : `\n            case $prev in ${lines.join(' ')} esac`;
}

function operand(verb: Verb): string {
  const { kind } = offerForOperand(verb);
  if (kind === 'files') return '\n            if [[ $cur != -* ]]; then _files; return; fi';
  if (kind === 'any' || kind === 'words') return '';
  const commands = kind === 'runs' ? '_extbackup_labels; _extbackup_runs' : '_extbackup_labels';
  return `\n            [[ $cur == -* ]] || listed=(\${(f)"$(${commands})"})`;
}

/** `name:description`, as _describe reads it. */
const described = ({ name, description }: { readonly name: string; readonly description: string }): string =>
  quoted(`${name}:${description.replaceAll('\n', ' ')}`);

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
