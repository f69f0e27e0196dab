#!/bin/sh
# Regenerates assets/graphiql, the GraphiQL page that the binary carries, from exact package versions.
#
# GraphiQL 4.1.2 is the newest release on CodeMirror: one script of 1.4 MB. GraphiQL 5 is built on Monaco, and comes to
# 6.5 MB with three web workers. Versions stand in scripts/graphiql/package.json, hashes of everything in its lock file.
# To move on: change package.json, run `npm install` there (never commit node_modules), run this, look at the page.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp -R "$root/scripts/graphiql/." "$work"
cd "$work"
rm -rf node_modules
npm ci --no-audit --no-fund

rm -rf "$root/assets/graphiql"
mkdir -p "$root/assets/graphiql"
node build.mjs "$root/assets/graphiql"
cp index.html "$root/assets/graphiql/index.html"

ls -l "$root/assets/graphiql"
