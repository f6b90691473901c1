import type { Verb } from './command-tree.ts';
import {
  globalOptions,
  listFunctions,
  offerForOperand,
  offerForOption,
  optionsOf,
  parentsOf,
  topVerbs,
  type Offer,
} from './completed-values.ts';

/**
 * A completion script for bash, in the way of bash-completion: https://github.com/scop/bash-completion.
 * @param shown commands that are offered at the top
 */
export function bashCompletion(verbs: readonly Verb[], shown: readonly string[]): string {
  const top = topVerbs(verbs, shown).map(({ name }) => name);
  const cases = verbs.map(
    (verb) =>
      `        '${verb.name}')${afterOption(verb)} choices='${[...verb.children, ...optionsOf(verb).map(({ name }) => name)].join(' ')}'${operand(verb)} ;;`,
  );
  return `# bash completion for extbackup                            -*- shell-script -*-

${listFunctions}

_extbackup()
{
    local cur prev words cword
    _init_completion || return

    local verb='' i
    for ((i = 1; i < cword; i++)); do
        case \${words[i]} in
            --config) ((i++)) ;;
            -*) ;;
            *) case $verb in
                   ''|${parentsOf(verbs).join('|')}) verb="\${verb:+$verb }\${words[i]}" ;;
               esac ;;
        esac
    done

    if [[ $prev == --config ]]; then
        _filedir
        return
    fi

    local choices='' files=''
    case $verb in
        '') choices='${[...top, ...globalOptions.map(({ name }) => name)].join(' ')}' ;;
${cases.join('\n')}
    esac
    if [[ $files && $cur != -* ]]; then
        _filedir
        return
    fi
    COMPREPLY=($(compgen -W "$choices" -- "$cur"))
} &&
    complete -F _extbackup extbackup
`;
}

/** Values of the option before the cursor. */
function afterOption({ options }: Verb): string {
  const lines = options.flatMap((option) => {
    const offer = offerForOption(option);
    return offer === undefined ? [] : [`${option.name})${offered(offer)} return ;;`];
  });
  return lines.length === 0 ? '' : ` case $prev in ${lines.join(' ')} esac;`;
}

function offered(offer: Offer): string {
  if (offer.kind === 'words') return ` COMPREPLY=($(compgen -W '${offer.words.join(' ')}' -- "$cur"));`;
  if (offer.kind === 'files') return ' _filedir;';
  return offer.kind === 'any' ? '' : ` COMPREPLY=($(compgen -W "$(_extbackup_${offer.kind})" -- "$cur"));`;
}

function operand(verb: Verb): string {
  const { kind } = offerForOperand(verb);
  if (kind === 'files') return '; files=yes';
  if (kind === 'runs') return '; choices+=" $(_extbackup_labels) $(_extbackup_runs)"';
  return kind === 'labels' ? '; choices+=" $(_extbackup_labels)"' : '';
}
