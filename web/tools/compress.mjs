// Writes .gz and .br beside every text file of a built tree: node tools/compress.mjs DIR
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const TEXT = new Set(['.html', '.js', '.css', '.svg', '.json', '.txt', '.geojson', '.webmanifest'])
const pack = {
  gz: (b) => promisify(gzip)(b, { level: 9 }),
  br: (b) => promisify(brotliCompress)(b, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: b.length } }),
}

async function* files(dir) {
  for (const e of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, e.name)
    if (e.isDirectory()) yield* files(path)
    else if (e.isFile() && TEXT.has(extname(e.name))) yield path
  }
}

const dir = process.argv[2]
if (!dir) {
  console.error('usage: compress.mjs DIR')
  process.exit(2)
}
for await (const path of files(dir)) {
  const plain = await readFile(path)
  for (const [ending, squeeze] of Object.entries(pack)) {
    const small = await squeeze(plain)
    if (small.length < plain.length) await writeFile(`${path}.${ending}`, small)
  }
}
