/** The part of the server's script that installs the heartbeat; script-body.ts sets its variables. */
export const heartbeatPart = String.raw`# Called by the server's own backup after a success.
# Only root may change it, or the file that it writes.
beat_script() {
  printf '%s\n' '#!/bin/sh' \
    "# Tells the stations of extbackup that this server's own backup has run." \
    '# Call it as root at the end of that backup, and only after a success. With --if-changed it does so only when' \
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
if [ "$dry" = yes ]; then
  [ "$changed" = yes ] || say "all is in place"
  say "nothing was changed"
  exit 0
fi
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
      say "now let the server's own backup call it at its end, after a success; until then, runs are held"
    fi
  fi
fi

# For a backup that cannot call it: check once a day whether the backup has left anything new.
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

`;
