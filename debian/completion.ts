import type { Verb } from './command-tree.ts';

const globalOptions = ['--config', '--help', '--version'];

/** A completion script for bash, in the way of bash-completion: https://github.com/scop/bash-completion. */
export function bashCompletion(verbs: readonly Verb[]): string {
  const top = verbs.filter(({ name }) => !name.includes(' ')).map(({ name }) => name);
  const cases = verbs.map(
    (verb) =>
      `        '${verb.name}')${afterOption(verb)} choices='${[...verb.children, ...verb.options.map(({ name }) => name), '--help'].join(' ')}'${takesFile(verb) ? '; files=yes' : ''} ;;`,
  );
  return `# bash completion for extbackup                            -*- shell-script -*-

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
                   ''|${verbs
                     .filter(({ children }) => children.length > 0)
                     .map(({ name }) => name)
                     .join('|')}) verb="\${verb:+$verb }\${words[i]}" ;;
               esac ;;
        esac
    done

    if [[ $prev == --config ]]; then
        _filedir
        return
    fi

    local choices='' files=''
    case $verb in
        '') choices='${[...top, ...globalOptions].join(' ')}' ;;
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
  const lines = options
    .filter(({ value }) => value !== undefined)
    .map(({ name, value, choices }) => {
      if (choices.length > 0) return `${name}) COMPREPLY=($(compgen -W '${choices.join(' ')}' -- "$cur")); return ;;`;
      return /^(file|dir|directory|path)$/i.test(value ?? '') ? `${name}) _filedir; return ;;` : `${name}) return ;;`;
    });
  return lines.length === 0 ? '' : ` case $prev in ${lines.join(' ')} esac;`;
}

const takesFile = ({ operands }: Verb): boolean => operands.some((operand) => /device|file|path/.test(operand));
