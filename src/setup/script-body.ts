import { heartbeatPart } from './script-heartbeat.ts';
import { keysPart } from './script-keys.ts';

/**
 * The part of the server's script that is the same for every station. It gets `$user`, `$directory`, `$keys`, `$dry`
 * (`yes`: nothing is changed, only told), `$shared` (`yes`: the account may have other keys without a forced command),
 * `$heartbeat_id` and `$heartbeat_file`, which are empty when no heartbeat is wanted, and `$heartbeat_timer`, which is
 * `yes` when a timer is to refresh it.
 * Each step looks first and writes only what differs, complete and checked, by rename.
 */
export const scriptBody = String.raw`
group=backuppers
sudoers=/etc/sudoers.d/extbackup
rrsync=/usr/bin/rrsync
comment='pulls backups, read only'
changed=no
temporary=

say() { printf '%s\n' "extbackup: $*"; }
did() { changed=yes; say "$*"; }
# In a dry run, tells what would be done, and is false.
todo() { [ "$dry" = no ] && return 0; changed=yes; say "would have $*"; return 1; }
refuse() { printf '%s\n' "extbackup: $1" "$2" >&2; exit 1; }
trap 'if [ -n "$temporary" ]; then rm -f "$temporary"; fi' EXIT
trap 'exit 130' HUP INT TERM

# Check all requirements before anything is changed.
[ "$(id -u)" = 0 ] || refuse "this must be run as root." "Try: sudo sh FILE"
for need in sudo visudo rsync useradd usermod groupadd ${'$'}{heartbeat_timer:+systemctl}; do
  command -v "$need" >/dev/null || refuse "$need is not installed." "Try: apt-get install sudo rsync passwd"
done
[ -x "$rrsync" ] ||
  refuse "$rrsync is missing; it comes with rsync since Debian 12." "On an older system see /usr/share/doc/rsync/scripts/."
case "$(head -n 1 "$rrsync")" in
  *python*)
    python=$(command -v python3) || refuse "$rrsync needs python3, which is not installed." "Try: apt-get install python3"
    # -I: no module and no setting of the user's gets into a program of root.
    command="$python -I $rrsync -ro $directory" ;;
  *) command="$rrsync -ro $directory" ;;
esac
# The one variable that rrsync reads, for this one command. sudo -E would need SETENV, and sudo-rs has no -E.
alias=EXTBACKUP_$(printf '%s' "$command" | cksum | cut -d ' ' -f 1)
rules="Cmnd_Alias $alias = $command
Defaults!$alias env_keep += \"SSH_ORIGINAL_COMMAND\"
%$group ALL=(root) NOPASSWD: $alias"
former_rule="%$group ALL=(root) NOPASSWD:SETENV: $rrsync -ro $directory"
options="command=\"sudo -n $command\",no-agent-forwarding,no-port-forwarding,no-pty,no-user-rc,no-X11-forwarding"
beat=/usr/local/sbin/extbackup-heartbeat
if [ -n "$heartbeat_id" ] && [ -e "$beat" ]; then
  grep -qxF "id='$heartbeat_id'" "$beat" ||
    refuse "$beat is there already, with another id." "Give all stations the same attestation.id, or remove the old one: rm $beat"
fi
[ -d "$directory" ] || echo "extbackup: the directory $directory does not exist yet; nothing can be backed up before it does." >&2
entry=$(getent passwd "$user" || true)
case "$entry" in
  '') ;;
  *:*:0:*) refuse "$user is root under another name." "Choose another one: extbackup server-setup --user NAME" ;;
  */nologin|*/false)
    refuse "$user has a shell that refuses logins, so its forced command cannot start." \
      "Try: usermod --shell /bin/sh $user" ;;
esac

# An account that somebody else uses as well is not for this.
if [ -n "$entry" ] && [ "$shared" = no ]; then
  others=$(awk '!/^[ \t]*(#|$)/ && !/command="/' "$(printf '%s' "$entry" | cut -d: -f6)/.ssh/authorized_keys" 2>/dev/null | KEYS=$keys awk '
    BEGIN { count = split(ENVIRON["KEYS"], key, "\n"); for (i = 1; i <= count; i++) { split(key[i], part, " "); blobs[part[2]] = 1 } }
    { for (i = 1; i <= NF; i++) if ($i in blobs) next; found = 1 }
    END { if (found) print "yes" }')
  [ -z "$others" ] ||
    refuse "$user has an ssh key without a forced command, so it is somebody's account." \
      "Choose another one: extbackup server-setup --user NAME. To use it anyway: --shared-user"
fi
case "$(getent shadow "$user" | cut -d: -f2)" in
  '$'*) say "note: $user has a password, so a shell can be had with it; to take it away: usermod --password '*' $user" ;;
esac

# Group and user. The user has no password; only the key below opens a session, and that runs one command.
if ! getent group "$group" >/dev/null && todo "made the group $group"; then
  groupadd --system "$group"
  did "made the group $group"
fi
if [ -z "$entry" ]; then
  if todo "made the user $user"; then
    useradd --create-home --shell /bin/sh --password '*' --comment "$comment" --groups "$group" "$user"
    did "made the user $user"
  fi
else
  case " $(id -nG "$user") " in
    *" $group "*) ;;
    *) if todo "added $user to the group $group"; then
        usermod --append --groups "$group" "$user"; did "added $user to the group $group"
      fi ;;
  esac
fi

# The user has no password, but an expired password or account would refuse the key, too; see shadow(5).
limited=$(getent shadow "$user" | awk -F: '{ if ($3 == "0" || ($5 != "" && $5 >= 0 && $5 < 99999) || $7 != "" || $8 != "") print "yes" }')
if [ -n "$limited" ] && todo "removed the expiry dates of the account $user"; then
  chage --lastday "$(date -u +%Y-%m-%d)" --maxdays -1 --inactive -1 --expiredate -1 "$user"
  did "removed the expiry dates of the account $user"
fi

# Root rights for exactly this command. sudo ignores file names with a dot, so the unchecked file is never live.
put_sudoers() {
  temporary=$sudoers.new
  rm -f "$temporary"
  (umask 0337; printf '%s\n' "$1" >"$temporary")
  chmod 0440 "$temporary"
  visudo -cqf "$temporary" >/dev/null ||
    refuse "the line for $sudoers was not accepted." \
      "Nothing was changed there. Please report this with the version of sudo."
  mv -f "$temporary" "$sudoers"
  temporary=
}
present() { if [ -f "$sudoers" ]; then awk 1 "$sudoers"; fi; }
# Lines of this station that are not there, in their order.
missing() { printf '%s\n' "$rules" | while IFS= read -r line; do present | grep -qxF -- "$line" || printf '%s\n' "$line"; done; }
if [ -n "$(missing)" ] && todo "allowed the group $group to run: $command"; then
  lines=$(missing)
  put_sudoers "$(present; printf '%s\n' "$lines")"
  did "allowed the group $group to run: $command"
fi
tty="Defaults:%$group !requiretty"
if grep -hs '^[^#]*requiretty' /etc/sudoers /etc/sudoers.d/* | grep -qvxF "$tty" && ! present | grep -qxF "$tty" &&
  todo "allowed sudo without a terminal for the group $group"; then
  put_sudoers "$(present; printf '%s\n' "$tty")"
  did "allowed sudo without a terminal for the group $group"
fi
# The rule of an earlier version let the user set any variable. Other members of the group may still need it.
if present | grep -qxF "$former_rule"; then
  case "$(getent group "$group" | cut -d: -f4)" in
    "$user"|'')
      if todo "removed the older rule with SETENV"; then
        put_sudoers "$(present | grep -vxF "$former_rule")"
        did "removed the older rule with SETENV"
      fi ;;
    *) say "note: $sudoers also holds an older rule with SETENV; remove it when the other users of $group no longer need sudo -E" ;;
  esac
fi
# The visudo of sudo-rs is never quiet.
visudo -cq >/dev/null || refuse "sudo finds a fault in its settings." "See: visudo -c"
if present | grep -q "SETENV: $rrsync\$"; then
  say "note: $sudoers also has an older line that allows $rrsync on every directory; remove it if it is not needed"
fi

# The key, with the forced command. Lines of other stations stay as they are.
if [ "$dry" = yes ] && [ -z "$entry" ]; then
  say "would have written the station's key; nothing was changed"
  exit 0
fi
home=$(getent passwd "$user" | cut -d: -f6)
ssh=$home/.ssh
file=$ssh/authorized_keys
[ ! -L "$ssh" ] && [ ! -L "$file" ] || refuse "$ssh or $file is a symbolic link." "Replace it by a real directory and file."
if [ ! -d "$ssh" ] && todo "made $ssh"; then
  mkdir -m 0700 "$ssh"
  chown "$user": "$ssh"
  did "made $ssh"
fi
wanted() {
  if [ -f "$file" ]; then cat "$file"; fi | OPTIONS=$options KEYS=$keys awk '
    BEGIN {
      count = split(ENVIRON["KEYS"], key, "\n")
      for (i = 1; i <= count; i++) { split(key[i], part, " "); blobs[part[2]] = 1; names[part[3]] = 1 }
    }
    function ours(  i) {
      if ($0 ~ /^[ \t]*#/) return 0
      for (i = 1; i <= NF; i++) if ($i in blobs) return 1
      return $NF in names
    }
    function emit(  i) { for (i = 1; i <= count; i++) print ENVIRON["OPTIONS"] " " key[i]; done = 1 }
    ours() { if (!done) emit(); next }
    { print }
    END { if (!done) emit() }
  '
}
${keysPart}# Keys that are replaced by one with the same comment: earlier keys of this station, or of one with its host name.
former() {
  if [ -f "$file" ]; then cat "$file"; fi | KEYS=$keys awk '
    BEGIN {
      count = split(ENVIRON["KEYS"], key, "\n")
      for (i = 1; i <= count; i++) { split(key[i], part, " "); blobs[part[2]] = 1; names[part[3]] = 1 }
    }
    /^[ \t]*#/ { next }
    { for (i = 1; i <= NF; i++) if ($i in blobs) next }
    $NF in names { print "the key of " $NF " that ends with " substr($(NF - 1), length($(NF - 1)) - 7) }
  '
}
if ! wanted | cmp -s - "$file" && todo "written the station's key to $file"; then
  gone=$(former)
  put_keys wanted
  did "wrote the station's key to $file"
  if [ -n "$gone" ]; then
    say "note: this replaced $gone"
    say "if that was not an earlier key of this station, two stations share a host name: rename one and run there: extbackup ssh-key rotate"
  fi
fi

${heartbeatPart}# As sshd will start it. rrsync answers the command "true" with nothing, and without a directory it cannot.
if [ -d "$directory" ]; then
  tried=$(su -s /bin/sh "$user" -c "SSH_ORIGINAL_COMMAND=true; export SSH_ORIGINAL_COMMAND; exec sudo -n $command" 2>&1 </dev/null) ||
    refuse "the forced command does not work: $(printf '%s' "$tried" | head -n 1)" \
      "See that /etc/sudoers has the line @includedir /etc/sudoers.d, then try it: su -s /bin/sh $user -c 'sudo -n $command'"
fi
if [ "$changed" = no ]; then say "everything was in place; nothing was changed"; fi
say "$user may now read $directory with rrsync, and nothing else"
`;
