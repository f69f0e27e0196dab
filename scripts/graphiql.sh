#!/bin/sh
# Builds assets/graphiql, the GraphiQL page that the binary carries, from exact package versions.
#
# GraphiQL 4.1.2 is the newest release on CodeMirror: one script of 1.4 MB. GraphiQL 5 is built on Monaco, and comes to
# 6.5 MB with three web workers. Versions stand in scripts/graphiql/package.json, hashes of everything in its lock file.
# To move on: change package.json, run `npm install` there (never commit node_modules), then `make test-browser`.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)

for tool in node npm; do
    if ! command -v "$tool" >/dev/null; then
        echo "GraphiQL was not built: $tool is missing. Install Node.js 18 or newer with npm, then run: make graphiql" >&2
        exit 1
    fi
done

# Not under assets, which Cargo watches; on the same disk, so that the finished folder only has to be renamed.
mkdir -p "$root/target" "$root/assets"
work=$(mktemp -d "$root/target/graphiql.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

mkdir "$work/page" "$work/built"
cp -R "$root/scripts/graphiql/." "$work/page"
cd "$work/page"
rm -rf node_modules
if ! npm ci --no-audit --no-fund; then
    echo "GraphiQL was not built: npm could not fetch its packages. With a network, run: make graphiql" >&2
    exit 1
fi
node build.mjs "$work/built"
cp index.html "$work/built/index.html"

# Only whole folders change places, so that no build finds half of the files.
if [ -e "$root/assets/graphiql" ]; then
    mv "$root/assets/graphiql" "$work/old"
fi
mv "$work/built" "$root/assets/graphiql"
echo "GraphiQL is in assets/graphiql. The next build of Tahsil carries it."
