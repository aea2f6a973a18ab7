# Read by back-up and restore. The folder holds oims-<time>.db (SQLite) or oims-<time>.sql.gz (PostgreSQL).
set -eu
umask 077
folder=${OIMS_BACKUPS:-/backups}
url_file=${OIMS_DATABASE_URL_FILE:-}
if [ -n "$url_file" ]; then ending=sql.gz; else ending=db; fi

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

backups() { find "$folder" -maxdepth 1 -name "oims-*.$ending" -type f | sort; }

database() { psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --dbname="$(cat "$url_file")" "$@"; }
