// The published example of an enciphered upload (HJ 212-2025 appendix A.2, key of sixteen '0'), raw bytes as on the wire.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './yuheng.mjs';

const rows = readFileSync(join(root, 'tests/vectors/hj212/frames.tsv'), 'latin1').split('\n').map((l) => l.split('\t'));
const row = rows.find((r) => r[0] === 'v0064');
const bytes = Buffer.from(row[7].replace(/\\(r|n|t|\\|x([0-9A-Fa-f]{2}))/g,
    (_, c, hex) => hex ? String.fromCharCode(parseInt(hex, 16)) : { r: '\r', n: '\n', t: '\t', '\\': '\\' }[c]), 'latin1');

export const encipheredVector = {
    line: row[7] + '\n', bytes, key: row[9], mn: row[6], factor: 'a01011', kind: 'minute', form: 'raw',
    time: Date.parse('2024-05-20T21:06:00+08:00'),
};
