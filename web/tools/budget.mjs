// Checks the sizes of a built application: what the first view loads, and that the tree names no other host.
// node tools/budget.mjs DIST
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const FIRST_VIEW_KB = { d: 300 }
const FOREIGN_CSS = /url\(\s*["']?(https?:)?\/\//i

const dist = process.argv[2]
let failed = false
const fail = (text) => {
  console.error(text)
  failed = true
}
const packed = (path) => statSync(`${path}.gz`, { throwIfNoEntry: false })?.size ?? statSync(path).size

/** A script with everything it imports statically. */
function withImports(assets, name, seen = new Set()) {
  if (seen.has(name)) return seen
  seen.add(name)
  const text = readFileSync(join(assets, name), 'utf8')
  for (const m of text.matchAll(/(?:^|[;}\s])import\s*(?:[^"'()]*?from\s*)?["']\.\/([^"']+)["']/g)) withImports(assets, m[1], seen)
  return seen
}

for (const [app, limit] of Object.entries(FIRST_VIEW_KB)) {
  const root = join(dist, app)
  const assets = join(root, 'assets')
  const names = readdirSync(assets).filter((n) => /\.(js|css)$/.test(n))
  const html = readFileSync(join(root, 'index.html'), 'utf8')
  const entry = [...html.matchAll(/assets\/([^"]+\.js)"/g)].map((m) => m[1])
  const landing = names.filter((n) => /^(Shell|Overview)-.*\.js$/.test(n))
  const scripts = new Set([...entry, ...landing].flatMap((n) => [...withImports(assets, n)]))
  // Without a manifest the style sheets of a page are not known by name; all but those of lazy parts are counted.
  const styles = names.filter((n) => n.endsWith('.css'))
  const sum = [...scripts, ...styles].reduce((s, n) => s + packed(join(assets, n)), packed(join(root, 'index.html')))
  const kb = Math.round(sum / 102.4) / 10
  console.log(`${app}: first view ${kb} kB gzip (limit ${limit})`)
  if (kb > limit) fail(`${app}: the first view is over its budget`)
  if (/<script(?![^>]*\bsrc=)|\son\w+=|<style/i.test(html)) fail(`${app}: index.html has inline code`)
  for (const n of styles) if (FOREIGN_CSS.test(readFileSync(join(assets, n), 'utf8'))) fail(`${app}: ${n} names another host`)
  if ([...scripts].some((n) => readFileSync(join(assets, n), 'utf8').includes('zrender'))) fail(`${app}: charts are in the first view`)
}
process.exit(failed ? 1 : 0)
