# /etc/profile.d/extbackup.sh: asks for the password of the backup disks at the first root login after a boot.
# Asks nothing if the key is loaded, or without a terminal (scp, rsync, cron). Ctrl-C skips the question.
case $- in
  *i*)
    if [ -t 0 ] && [ -t 2 ] && [ "$(id -u)" = 0 ] && [ ! -s /mnt/ramfs/luks_pw ] &&
      [ -s /etc/extbackup/config.yaml ] && [ -x /usr/bin/extbackup ]; then
      # In a subshell, so that Ctrl-C ends the question and not the login.
      (
        trap 'exit 130' INT
        /usr/bin/extbackup unlock
      ) || printf '%s\n' 'The backup disks stay locked until: extbackup unlock' >&2
    fi
    ;;
esac
