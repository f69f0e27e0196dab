// Bundles the page and writes who wrote what is in it: graphiql.js, graphiql.css, LICENSES.
// Usage: node build.mjs OUTPUT_FOLDER, with the packages of package-lock.json installed beside it.

import { build } from 'esbuild';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const output = process.argv[2];

// Embedded base64 fonts are nine tenths of GraphiQL's style sheet, come without their licence texts, and would need
// `font-src data:` in the page's policy: the system's own fonts take their place.
const systemFonts = {
  name: 'system-fonts',
  setup: ({ onLoad }) =>
    onLoad({ filter: /graphiql\/dist\/style\.css$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8')
        .replace(/@font-face\s*\{[^}]*\}/g, '')
        .replace('"Roboto", sans-serif', 'system-ui, sans-serif')
        .replace('"Fira Code", monospace', 'ui-monospace, monospace'),
      loader: 'css',
    })),
};

// An open dialog would keep the page behind it from scrolling with a `<style>` element, which would need
// `style-src 'unsafe-inline'` in the page's policy. This page is as high as its window and has nothing to scroll.
const noInlineStyles = {
  name: 'no-inline-styles',
  setup: ({ onLoad }) =>
    onLoad({ filter: /react-style-singleton\/dist\/es2015\/index\.js$/ }, () => ({
      contents: 'export const styleSingleton = () => () => null;',
    })),
};

const { metafile } = await build({
  entryPoints: { graphiql: 'page.jsx' },
  outdir: output,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  define: { 'process.env.NODE_ENV': '"production"' },
  // The notices are in LICENSES, complete and once.
  legalComments: 'none',
  metafile: true,
  plugins: [systemFonts, noInlineStyles],
});

const bundled = new Set();
for (const { inputs } of Object.values(metafile.outputs)) {
  for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
    const folder = path.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//);
    if (folder && bytesInOutput > 0) bundled.add(folder[1]);
  }
}

const notices = [...bundled].sort().map((folder) => {
  const { name, version, license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[sc]e(\.|$)/i.test(entry));
  const holder = author?.name ?? author ?? 'its contributors';
  const text = file
    ? readFileSync(join(folder, file), 'utf8').trim()
    : `The package carries no licence text. Its manifest names ${holder} and ${license}: the terms under graphiql.`;
  return `${name} ${version} (${license})\n\n${text}\n`;
});
const rule = `\n${'-'.repeat(80)}\n\n`;
writeFileSync(
  join(output, 'LICENSES'),
  ['graphiql.js and graphiql.css are built from the packages below.\n', ...notices].join(rule),
);
