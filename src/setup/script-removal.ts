import { keysPart } from './script-keys.ts';

/**
 * The server's script that takes everything back, in place of script-body.ts. It gets `$user`, `$directory`, `$keys` and
 * `$dry`. What other stations need stays: their keys, and so the account, the group and the rules.
 */
export const scriptRemoval = String.raw`
group=backuppers
sudoers=/etc/sudoers.d/extbackup
comment='pulls backups, read only'
changed=no
temporary=

say() { printf '%s\n' "extbackup: $*"; }
did() { changed=yes; say "$*"; }
refuse() { printf '%s\n' "extbackup: $1" "$2" >&2; exit 1; }
todo() { [ "$dry" = no ] && return 0; changed=yes; say "would have $*"; return 1; }
trap 'if [ -n "$temporary" ]; then rm -f "$temporary"; fi' EXIT
trap 'exit 130' HUP INT TERM

[ "$(id -u)" = 0 ] || refuse "this must be run as root." "Try: sudo sh FILE"
entry=$(getent passwd "$user" || true)
home=$(printf '%s' "$entry" | cut -d: -f6)
file=$home/.ssh/authorized_keys
[ ! -L "$home/.ssh" ] && [ ! -L "$file" ] || refuse "$home/.ssh or $file is a symbolic link." "Look at it yourself."

${keysPart}# The keys of other stations: all but those of this one, known by the key itself.
others() {
  if [ -n "$home" ] && [ -f "$file" ]; then cat "$file"; fi | KEYS=$keys awk '
    BEGIN { count = split(ENVIRON["KEYS"], key, "\n"); for (i = 1; i <= count; i++) { split(key[i], part, " "); blobs[part[2]] = 1 } }
    { for (i = 1; i <= NF; i++) if ($i in blobs) next; print }
  '
}
if [ -n "$home" ] && [ -f "$file" ] && ! others | cmp -s - "$file" && todo "removed the station's key from $file"; then
  put_keys others
  did "removed the station's key from $file"
fi
# Other accounts of the group have their rules in the same file.
members=$(getent group "$group" | cut -d: -f4 | tr ',' '\n' | grep -vxF -- "$user" || :)
if others | grep -q '^[^#]'; then
  say "other keys are left, so the account, the group and the rules of sudo stay"
elif [ -n "$members" ]; then
  say "other accounts are in the group $group, so it, the rules of sudo and the account $user stay"
else
  # Only an account that an earlier run of this script made.
  case "$entry" in
    *":$comment"*)
      if todo "removed the user $user and $home"; then
        userdel --remove "$user" 2>/dev/null || userdel "$user"
        did "removed the user $user and $home"
      fi ;;
    '') ;;
    *) say "note: $user was not made for this, and stays" ;;
  esac
  if [ -e "$sudoers" ] && todo "removed $sudoers"; then
    rm -f "$sudoers"
    did "removed $sudoers"
  fi
  if getent group "$group" >/dev/null && todo "removed the group $group"; then
    groupdel "$group"
    did "removed the group $group"
  fi
  for unit in extbackup-heartbeat.timer extbackup-heartbeat.service; do
    if [ -e "/etc/systemd/system/$unit" ] && todo "removed $unit"; then
      systemctl disable --now "$unit" 2>/dev/null || :
      rm -f "/etc/systemd/system/$unit"
      systemctl daemon-reload
      did "removed $unit"
    fi
  done
  beat=/usr/local/sbin/extbackup-heartbeat
  if [ -e "$beat" ] && todo "removed $beat"; then
    rm -f "$beat"
    did "removed $beat"
  fi
fi
if [ "$changed" = no ]; then say "nothing of this station was here"; fi
if [ "$dry" = yes ]; then say "nothing was changed"; fi
`;
