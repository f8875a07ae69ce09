#!/bin/sh
# Keeps one PostgreSQL for tests: `sh postgres.sh BASE BIN PORT`.
#
# Makes a new cluster in BASE/server, prints "ready" when it answers, and stops it some seconds
# after the last process has released its shared lock on BASE/users.lock, however that process
# ended. Whoever starts this script holds BASE/start.lock until "ready" was read.
# The server dies with this script (parent-death signal), so nothing is left behind.
set -eu
base=$1 bin=$2 port=$3
home=$base/server
rm -rf "$home"
mkdir -p "$home"
export PGHOST=127.0.0.1 PGPORT="$port" PGUSER=lendglass PGPASSWORD=lendglass
export PGDATABASE=postgres PGCONNECT_TIMEOUT=10

# PostgreSQL refuses to run as root. A word list, not a function: the process must be a child of
# this shell itself, so that it can be signalled and dies with it.
as_server="setpriv --pdeathsig=INT --"
if [ "$(id -u)" = 0 ]; then
    as_server="setpriv --reuid=postgres --regid=postgres --init-groups --pdeathsig=INT --"
    chown postgres "$home"
fi
cd "$home"
echo lendglass >password
chmod 644 password

# Not the C locale: what needs the order of bytes has to say so itself.
$as_server "$bin/initdb" --no-sync --pgdata="$home/data" --username=lendglass --pwfile=password \
    --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 \
    --locale-provider=icu --icu-locale=en-US >initdb.log 2>&1
$as_server "$bin/postgres" -D "$home/data" -p "$port" -h 127.0.0.1 -k '' \
    -c fsync=on -c max_connections=300 -c shared_buffers=64MB >server.log 2>&1 </dev/null &
server=$!
until "$bin/pg_isready" -q; do
    kill -0 "$server"
    sleep 0.05
done
echo "$port" >port
echo ready
exec >/dev/null 8>>"$base/start.lock" 9>>"$base/users.lock"

# Databases are named test_PID_N: those of ended processes go.
drop_abandoned() {
    "$bin/psql" -XqAt -c "select datname from pg_database where datname like 'test\\_%'" |
        while IFS=_ read -r _ pid number; do
            [ -d "/proc/$pid" ] ||
                "$bin/psql" -Xq -c "drop database if exists test_${pid}_$number with (force)"
        done
}

idle=0
while kill -0 "$server" 2>/dev/null; do
    sleep 3
    drop_abandoned 2>/dev/null || true
    if flock -n -x 9; then
        flock -u 9
        idle=$((idle + 1))
    else
        idle=0
    fi
    # With the start lock nobody new can come while the server stops.
    if [ "$idle" -ge 3 ] && flock -n -x 8; then
        if flock -n -x 9; then
            kill -INT "$server"
            wait "$server" || true
            rm -rf "$home"
            exit 0
        fi
        flock -u 8
    fi
done
