/**
 * The forced command for a server without sudo and rrsync: a POSIX sh script that lets `rsync --server --sender` read one
 * directory, its argument, and starts nothing else. It uses no program besides the shell and rsync.
 */
export const plainSender = String.raw`#!/bin/sh
# Written by: extbackup server-setup --plain. It is the forced command of one ssh key, which may read one directory with
# rsync, and do nothing else.
set -uf
LC_ALL=C
deny() { echo "extbackup-sender: $1" >&2; exit 1; }
top=$1
command=@{SSH_ORIGINAL_COMMAND-}
case $command in
  'rsync --server --sender '*) ;;
  'rsync --server '*) deny 'this key is read-only' ;;
  *) deny 'only an rsync that sends may start here' ;;
esac
# Word splitting below is the only parsing: no quote, pattern, expansion or second line may get there.
case $command in *[!A-Za-z0-9\ ._/,:=@%+-]*) deny 'a character of the path is not allowed' ;; esac
IFS=' '
set -- $command
shift 3
args=
while :; do
  [ $# -gt 0 ] || deny 'no path'
  case $1 in
    .) shift; break ;;
    --numeric-ids|--from0|--files-from=-|--list-only|--timeout=*|--bwlimit=*|--info=*) ;;
    --checksum-choice=*|--checksum-seed=*|--compress-choice=*|--modify-window=*) ;;
    --backup-dir) shift 2 || deny 'no path'; continue ;; # of the receiver; a sender has no use for it
    --*) deny "option $1 is not allowed" ;;
    -*)
      # Not allowed: K, L and k follow links that lead out of the directory, s and M bring more options past this check.
      letters=@{1#-}; letters=@{letters%%e*}
      case $letters in *[!bcdgilnoprtuvxzADEHORSUWX]*) deny "option $1 is not allowed" ;; esac
      case $1 in -|--) deny "option $1 is not allowed" ;; esac ;;
    *) deny 'an argument is not allowed' ;;
  esac
  args="$args $1"
  shift
done
[ $# -le 1 ] || deny 'more than one path'
path=@{1-.}
case /$path/ in */../*) deny 'a path with .. is not allowed' ;; esac
cd -P -- "$top" 2>/dev/null || deny 'the directory does not exist'
base=$(pwd -P)
# The directory that rsync starts in, and a name in it: "." for the content of a directory.
case $path in
  ''|.|/) name=. directory=. ;;
  */) name=. directory=$path ;;
  */*) name=@{path##*/} directory=@{path%/*} ;;
  *) name=$path directory=. ;;
esac
cd -P -- "./$directory" 2>/dev/null || deny 'the directory does not exist'
case $(pwd -P)/ in "@{base%/}"/*) ;; *) deny 'a link leads out of the directory' ;; esac
exec rsync --server --sender $args . "./$name"
`.replaceAll('@{', '${');
