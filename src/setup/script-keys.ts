/** The part of both of the server's scripts that replaces `$file`, the authorized_keys of `$user`. */
export const keysPart = String.raw`# Replaces the keys by the output of a function. $temporary is removed if the script ends early.
put_keys() {
  temporary=$(mktemp "$file.XXXXXX")
  "$1" >"$temporary"
  chown "$user": "$temporary"
  chmod 0600 "$temporary"
  mv -f "$temporary" "$file"
  temporary=
}
`;
