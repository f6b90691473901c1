/**
 * Stands before the real cryptsetup, notes what it was called with, and makes the keyslots cheap, so that not every opening
 * takes two seconds.
 */
const cheapCryptsetup = `
  cp /usr/sbin/cryptsetup "$room/cryptsetup"
  cat >"$room/bin/cryptsetup" <<'END'
#!/bin/bash
echo "$*" >>/run/cryptsetup-calls
args=("$@"); iterations=1000; [[ " $* " = *" argon2id "* ]] && iterations=4
for i in "\${!args[@]}"; do
  case \${args[i]} in
    --iter-time) args[i]=--pbkdf-force-iterations; args[i+1]=$iterations ;;
    --pbkdf-memory) args[i+1]=32 ;;
  esac
done
exec "REAL" "\${args[@]}"
END
  sed -i "s#REAL#$room/cryptsetup#" "$room/bin/cryptsetup"; chmod +x "$room/bin/cryptsetup"; mount --bind "$room/bin/cryptsetup" /usr/sbin/cryptsetup
`;

/** Two enrolled disks, which are image files; `plugged A B` says which of them lsblk shows. */
const withDisks = (station: string): string => `${cheapCryptsetup}
  ${station}
  mount -t tmpfs tmpfs /dev/shm
  uuid_A=11111111-1111-4111-8111-111111111111; uuid_B=22222222-2222-4222-8222-222222222222
  for disk in A B; do
    truncate -s 32M /dev/shm/$disk; uuid=uuid_$disk
    type=luks2; [ $disk = B ] && type=luks1
    cryptsetup luksFormat --type $type --batch-mode --uuid "\${!uuid}" --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file /mnt/ramfs/luks_pw /dev/shm/$disk
  done
  plugged() {
    nodes=; for disk in "$@"; do uuid=uuid_$disk; nodes="$nodes\${nodes:+,}{\\"kname\\":\\"$disk\\",\\"path\\":\\"/dev/shm/$disk\\",\\"type\\":\\"disk\\",\\"size\\":33554432,\\"fstype\\":\\"crypto_LUKS\\",\\"uuid\\":\\"\${!uuid}\\"}"; done
    printf "#!/bin/sh\\necho '{\\"blockdevices\\":[%s]}'\\n" "$nodes" >"$room/bin/lsblk"; chmod +x "$room/bin/lsblk"
  }
  plugged; mount --bind "$room/bin/lsblk" /usr/bin/lsblk
  mkdir -p /run/extbackup/state; mount --bind /run/extbackup/state /var/lib
  mkdir /var/lib/extbackup
  record() { printf '{"label":"%s","luksUuid":"%s","sealedId":"%s","generation":0,"enrolledAt":"2026-01-01T00:00:00Z"}' "$1" "$2" "$2"; }
  echo "{\\"version\\":1,\\"drives\\":[$(record A "$uuid_A"),$(record B "$uuid_B")]}" >/var/lib/extbackup/drives.json
  cp /mnt/ramfs/luks_pw "$room/old"
  opens() { cryptsetup open --test-passphrase --key-file "$2" "/dev/shm/$1" 2>/dev/null && echo yes || echo no; }
  slots() { cryptsetup luksDump "/dev/shm/$1" | grep -cE '^  [0-9]+: luks2|^Key Slot [0-9]: ENABLED'; }
`;

/** A station whose password is `old password`, with two enrolled disks. */
export const stationWithDisks = withDisks("ready_station 'old password'");

/** The same, set up by hand: its key is the SHA-512 of salt and password, and its script is /root/sbin/build-key. */
export const oldStationWithDisks = withDisks(`
  mkdir -p /root/.ssh /root/sbin; key=$(printf '%s' 'old salt.old password' | sha512sum | cut -d' ' -f1); sha1=$(printf '%s' "$key" | sha1sum | cut -d' ' -f1)
  printf '%s\\n' '#!/bin/bash' "SALT='old salt'" "SHA1_CHECK='$sha1'" '# sha512sum' >/root/sbin/build-key
  ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
  openssl enc -e -aes-256-cbc -a -md md5 -pass pass:"$key" </root/.ssh/id_ed25519 >/root/.ssh/id_ed25519.encrypted 2>/dev/null; rm /root/.ssh/id_ed25519
  printf 'old password' | extbackup setup --adopt /root/sbin --source a@backup.example.org --password-stdin --yes >/dev/null 2>&1`);
