# /etc/profile.d/extbackup.sh: the first root login after a boot is asked for the password of the backup disks.
# Silent when the key is there. Only at a prompt: scp, rsync and cron never see it. Ctrl-C goes on to the shell.
case $- in
  *i*)
    if [ -t 0 ] && [ -t 2 ] && [ "$(id -u)" = 0 ] && [ ! -s /mnt/ramfs/luks_pw ] &&
      [ -s /etc/extbackup/config.yaml ] && [ -x /usr/bin/extbackup ]; then
      # In a subshell of its own, so that Ctrl-C ends the question and not the login.
      (
        trap 'exit 130' INT
        /usr/bin/extbackup unlock
      ) || printf '%s\n' 'The backup disks stay locked until: extbackup unlock' >&2
    fi
    ;;
esac
