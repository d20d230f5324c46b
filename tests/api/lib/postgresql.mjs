// A PostgreSQL server that a test stops and starts (tools/postgresql-for-tests).
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './yuheng.mjs';

const tool = join(root, 'tools/postgresql-for-tests');
const running = new Set();
process.on('exit', () => running.forEach((dir) => { try { execFileSync(tool, ['drop', dir]); } catch { /* gone */ } }));

export function startPostgresql() {
    const dir = mkdtempSync(join(tmpdir(), 'yuheng-pg-'));
    running.add(dir);
    const tell = (word) => execFileSync(tool, [word, dir], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
    return { url: tell('make'), stop: () => tell('stop'), start: () => tell('start') };
}
