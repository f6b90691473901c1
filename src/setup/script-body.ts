/**
 * The part of the server's script that is the same for every station. It gets `$user`, `$directory`, `$keys`,
 * `$heartbeat_id` and `$heartbeat_file`, which are empty when no heartbeat is wanted, and `$heartbeat_timer`, which is
 * `yes` when a timer is to refresh it.
 * Each step looks first and writes only what differs, complete and checked, by rename.
 */
export const scriptBody = String.raw`
group=backuppers
sudoers=/etc/sudoers.d/extbackup
rrsync=/usr/bin/rrsync
command="$rrsync -ro $directory"
rule="%$group ALL=(root) NOPASSWD:SETENV: $command"
options="command=\"sudo -E $command\",no-agent-forwarding,no-port-forwarding,no-pty,no-user-rc,no-X11-forwarding"
changed=no
temporary=

say() { printf '%s\n' "extbackup: $*"; }
did() { changed=yes; say "$*"; }
refuse() { printf '%s\n' "extbackup: $1" "$2" >&2; exit 1; }
trap 'if [ -n "$temporary" ]; then rm -f "$temporary"; fi' EXIT
trap 'exit 130' HUP INT TERM

# What must be there, looked at before anything is changed.
[ "$(id -u)" = 0 ] || refuse "this must be run as root." "Try: sudo sh FILE"
for need in sudo visudo rsync useradd usermod groupadd ${'$'}{heartbeat_timer:+systemctl}; do
  command -v "$need" >/dev/null || refuse "$need is not installed." "Try: apt-get install sudo rsync passwd"
done
[ -x "$rrsync" ] ||
  refuse "$rrsync is missing; it comes with rsync since Debian 12." "On an older system see /usr/share/doc/rsync/scripts/."
case "$(head -n 1 "$rrsync")" in
  *python*) command -v python3 >/dev/null || refuse "$rrsync needs python3, which is not installed." "Try: apt-get install python3" ;;
esac
beat=/usr/local/sbin/extbackup-heartbeat
if [ -n "$heartbeat_id" ] && [ -e "$beat" ]; then
  grep -qxF "id='$heartbeat_id'" "$beat" ||
    refuse "$beat is there already, with another id." "Give all stations the same attestation.id; if nobody needs the old one: rm $beat"
fi
[ -d "$directory" ] || echo "extbackup: there is no directory $directory yet; until it is there, nothing can be pulled." >&2
entry=$(getent passwd "$user" || true)
case "$entry" in
  '') ;;
  *:*:0:*) refuse "$user is root under another name." "Choose another one: extbackup server-setup --user NAME" ;;
  */nologin|*/false)
    refuse "$user exists with a shell that lets nobody in, so its forced command cannot start." \
      "Try: usermod --shell /bin/sh $user" ;;
esac

# Group and user. The user has no password; only the key below opens a session, and that runs one command.
if ! getent group "$group" >/dev/null; then
  groupadd --system "$group"
  did "made the group $group"
fi
if [ -z "$entry" ]; then
  useradd --create-home --shell /bin/sh --password '*' --comment 'pulls backups, read only' --groups "$group" "$user"
  did "made the user $user"
else
  case " $(id -nG "$user") " in
    *" $group "*) ;;
    *) usermod --append --groups "$group" "$user"; did "added $user to the group $group" ;;
  esac
fi

# It has no password, but a limit on the age of one, or on the account, would keep the key out all the same; see shadow(5).
limited=$(getent shadow "$user" | awk -F: '{ if ($3 == "0" || ($5 != "" && $5 >= 0 && $5 < 99999) || $7 != "" || $8 != "") print "yes" }')
if [ -n "$limited" ]; then
  chage --lastday "$(date -u +%Y-%m-%d)" --maxdays -1 --inactive -1 --expiredate -1 "$user"
  did "took the limits on age from the account $user"
fi

# Root rights for exactly this command. sudo ignores file names with a dot, so the unchecked file is never live.
if ! grep -qxF "$rule" "$sudoers" 2>/dev/null; then
  temporary=$sudoers.new
  rm -f "$temporary"
  (umask 0337; if [ -f "$sudoers" ]; then awk 1 "$sudoers"; fi; printf '%s\n' "$rule") >"$temporary"
  chmod 0440 "$temporary"
  visudo -cqf "$temporary" ||
    refuse "the line for $sudoers was not accepted." \
      "Nothing was changed there. Please report this with the version of sudo."
  mv -f "$temporary" "$sudoers"
  temporary=
  did "allowed the group $group to run: $command"
fi
tty="Defaults:%$group !requiretty"
if grep -hs '^[^#]*requiretty' /etc/sudoers /etc/sudoers.d/* | grep -qvxF "$tty" && ! grep -qxF "$tty" "$sudoers"; then
  temporary=$sudoers.new
  rm -f "$temporary"
  (umask 0337; awk 1 "$sudoers"; printf '%s\n' "$tty") >"$temporary"
  chmod 0440 "$temporary"
  visudo -cqf "$temporary" ||
    refuse "the line for $sudoers was not accepted." \
      "Nothing was changed there. Please report this with the version of sudo."
  mv -f "$temporary" "$sudoers"
  temporary=
  did "let sudo do without a terminal for the group $group"
fi
visudo -cq || refuse "sudo finds a fault in its settings." "See: visudo -c"
if grep -q "SETENV: $rrsync\$" "$sudoers"; then
  say "note: $sudoers also holds an older line that allows $rrsync on every directory; remove it when nobody needs it"
fi

# The key, with the forced command. Lines of other stations stay as they are.
home=$(getent passwd "$user" | cut -d: -f6)
ssh=$home/.ssh
file=$ssh/authorized_keys
[ ! -L "$ssh" ] && [ ! -L "$file" ] || refuse "$ssh or $file is a symbolic link." "Replace it by a real directory and file."
if [ ! -d "$ssh" ]; then
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
# Keys that go because a new one has their comment: of this station as a rule, of another one with the same host name otherwise.
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
if ! wanted | cmp -s - "$file"; then
  gone=$(former)
  temporary=$(mktemp "$ssh/authorized_keys.XXXXXX")
  wanted >"$temporary"
  chown "$user": "$temporary"
  chmod 0600 "$temporary"
  mv -f "$temporary" "$file"
  temporary=
  did "wrote the station's key to $file"
  if [ -n "$gone" ]; then
    say "note: this took the place of $gone"
    say "if that was no earlier key of this station, two stations have one host name: rename one, run there: extbackup ssh-key rotate"
  fi
fi

# What the server's own backup calls when it succeeded. Only root may change it, and what it writes.
beat_script() {
  printf '%s\n' '#!/bin/sh' \
    "# Tells the stations of extbackup that this server's own backup has run." \
    '# Call it as root at the end of that backup, and only when it succeeded. With --if-changed it tells so only when' \
    '# there is a file in the directory that is newer than the last heartbeat.' \
    'set -euC' \
    'PATH=/usr/sbin:/usr/bin:/sbin:/bin' \
    "id='$heartbeat_id'" \
    "directory='$directory'" \
    "file='$directory/$heartbeat_file'"
  cat <<'END-OF-HEARTBEAT'
umask 022
if [ "${'$'}{1-}" = --if-changed ]; then
  since=
  if [ -f "$file" ] && [ ! -L "$file" ]; then since=$file; fi
  found=$(find "$directory" -path "$file" -prune -o -path "$file.new" -prune -o -type f ${'$'}{since:+-cnewer "$since"} -print -quit)
  [ -n "$found" ] || exit 0
fi
# A new file each time, complete before it gets its name; -C follows no link that stands in the way.
rm -f "$file.new"
printf '%s\n%s\n' "$id" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$file.new"
mv -fT "$file.new" "$file"
END-OF-HEARTBEAT
}
if [ -n "$heartbeat_id" ]; then
  if ! beat_script | cmp -s - "$beat" || [ "$(stat -c '%u %a %h %F' "$beat")" != '0 755 1 regular file' ]; then
    mkdir -p "$(dirname "$beat")"
    temporary=$(mktemp "$beat.XXXXXX")
    beat_script >"$temporary"
    chown root: "$temporary"
    chmod 0755 "$temporary"
    mv -fT "$temporary" "$beat"
    temporary=
    did "wrote $beat"
    if [ -z "$heartbeat_timer" ]; then
      say "now let the server's own backup call it at its end, when it succeeded; until then, runs are held"
    fi
  fi
fi

# For a backup that cannot call it: a look once a day whether the backup has left anything new.
put_unit() {
  unit=$(cat)
  if printf '%s\n' "$unit" | cmp -s - "$units/$1"; then return; fi
  temporary=$(mktemp "$units/$1.XXXXXX")
  printf '%s\n' "$unit" >"$temporary"
  chmod 0644 "$temporary"
  mv -fT "$temporary" "$units/$1"
  temporary=
  did "wrote $units/$1"
  reload=yes
}
if [ -n "$heartbeat_timer" ]; then
  units=/etc/systemd/system
  reload=
  put_unit extbackup-heartbeat.service <<END-OF-SERVICE
[Unit]
Description=Tell the stations of extbackup whether this server's own backup has left anything new

[Service]
Type=oneshot
ExecStart=$beat --if-changed
Nice=19
IOSchedulingClass=idle
END-OF-SERVICE
  put_unit extbackup-heartbeat.timer <<'END-OF-TIMER'
[Unit]
Description=Look once a day whether this server's own backup has left anything new

[Timer]
OnCalendar=daily
Persistent=true

[Install]
WantedBy=timers.target
END-OF-TIMER
  if [ -n "$reload" ]; then systemctl daemon-reload; fi
  if ! systemctl -q is-enabled extbackup-heartbeat.timer 2>/dev/null || ! systemctl -q is-active extbackup-heartbeat.timer; then
    systemctl enable --now extbackup-heartbeat.timer
    systemctl start extbackup-heartbeat.service
    did "started extbackup-heartbeat.timer"
  fi
fi

sudo -n -l -U "$user" $command >/dev/null 2>&1 ||
  refuse "sudo still does not allow $user to run $command." "See that /etc/sudoers has the line: @includedir /etc/sudoers.d"
if [ "$changed" = no ]; then say "all was in place, nothing was changed"; fi
say "$user may now read $directory with rrsync, and nothing else"
`;
