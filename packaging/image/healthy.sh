#!/bin/bash
# Does the daemon of this container answer /healthz with 200? There is no curl in the image.
listen=${MAAND__HTTP__HEALTH_LISTEN:-127.0.0.1:8485}
exec 3<>"/dev/tcp/127.0.0.1/${listen##*:}" || exit 1
printf 'GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
read -r -t 4 _ status _ <&3
[ "${status:-}" = 200 ]
