#!/bin/sh
# Debian packages that tests drive for real: a browser, an MQTT broker, openssl. Where root and apt are missing, the tests
# that need them skip and say so.
set -eu
[ "${TEST_DEPS:-1}" != 0 ] || { echo "TEST_DEPS=0: no packages are installed"; exit 0; }
missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium fonts-dejavu-core"
command -v mosquitto >/dev/null 2>&1 || [ -x /usr/sbin/mosquitto ] || missing="$missing mosquitto"
command -v openssl >/dev/null 2>&1 || missing="$missing openssl"
[ -n "$missing" ] || { echo "test dependencies are here"; exit 0; }
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "cannot install$missing: needs root and apt; the tests that need them will skip and say so"
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $missing >/dev/null
echo "installed:$missing"
