// Which database the tests' data folders use: the file in them, or, when YUHENG_TEST_PG says where a server is, a database
// of its own per folder, gone when the process ends.
import { execFileSync } from 'node:child_process';
import { basename } from 'node:path';

export const server = process.env.YUHENG_TEST_PG || null;
const made = new Map(); // folder → address

export function psql(sql, url = server) {
    return execFileSync('psql', ['-XAtq', '-v', 'ON_ERROR_STOP=1', url, '-c', sql], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function nameOf(dir) {
    return `${basename(dir)}_${process.pid}_${made.size}`.toLowerCase().replace(/[^a-z0-9_]/g, '_');
}

export function databaseOf(dir) {
    if (!made.has(dir)) {
        const name = nameOf(dir);
        psql(`CREATE DATABASE ${name}`);
        made.set(dir, server.replace(/\/[^/]*$/, `/${name}`));
    }
    return made.get(dir);
}

process.on('exit', () => {
    for (const url of made.values())
        try { psql(`DROP DATABASE ${basename(url)} WITH (FORCE)`); } catch { /* the server went first */ }
});

// Commands that open the business database.
const users = new Set(['serve', 'user', 'demo', 'rebuild', 'series']);

// The same command line for the database under test.
export function withDatabase(args) {
    const at = args.indexOf('--data');
    if (!server || !users.has(args[0]) || at < 0 || at + 1 >= args.length || args.includes('--db')) return args;
    return [...args, '--db', databaseOf(args[at + 1])];
}
