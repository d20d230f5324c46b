// node tests/api/lib/with-server.mjs COMMAND… : runs COMMAND beside a fresh demo server whose stations are reporting
// (captured traffic replayed as if it were now) and ends with its exit status. COMMAND finds the server in YUHENG_URL,
// YUHENG_GATE (host:port), YUHENG_DATA, YUHENG_USER and YUHENG_PASSWORD (administrator), and all accounts as JSON in
// YUHENG_ACCOUNTS.
import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from './client.mjs';
import { waitUntil } from './wait.mjs';
import { binary, captures, demoInit, root, startServer, tempDir } from './yuheng.mjs';

const pages = join(root, 'web/dist');

function play(server) {
    const args = ['replay', '--gate', `${server.gate.host}:${server.gate.port}`, '--live', '--history', '2', '--hourly-days', '2'];
    const child = spawn(binary, [...args, ...captures], { stdio: 'ignore' });
    process.on('exit', () => child.kill('SIGKILL'));
    const ended = new Promise((done) => child.on('close', done));
    return { stop: () => { child.kill('SIGTERM'); return ended; } };
}

async function reporting(server, admin) {
    const client = new Client(server.url);
    await client.signIn(admin.username, admin.password);
    await waitUntil(async () => {
        const { stations } = await client.get('/api/v1/overview');
        return stations.online > stations.total / 2;
    }, { deadline: 120_000, every: 200, what: 'half of the demo stations online' });
}

function runCommand([command, ...args], env) {
    return new Promise((done, fail) => {
        spawn(command, args, { stdio: 'inherit', env }).on('error', fail).on('close', (code, signal) => {
            if (signal) console.error(`${command} was ended by ${signal}`);
            done(code ?? 1);
        });
    });
}

const dir = tempDir();
let status = 1;
try {
    const { accounts } = demoInit(dir);
    const admin = accounts.find((a) => a.role === 'admin');
    const server = await startServer(null, { dir, args: existsSync(pages) ? ['--web', pages] : [] });
    const player = play(server);
    await reporting(server, admin);
    status = await runCommand(process.argv.slice(2), {
        ...process.env, YUHENG: binary, YUHENG_URL: server.url, YUHENG_GATE: `${server.gate.host}:${server.gate.port}`,
        YUHENG_DATA: dir, YUHENG_USER: admin.username, YUHENG_PASSWORD: admin.password,
        YUHENG_ACCOUNTS: JSON.stringify(accounts),
    });
    await player.stop();
    await server.stop();
} catch (error) {
    console.error(error.message);
    status = 1;
} finally {
    rmSync(dir, { recursive: true, force: true });
}
process.exit(status);
