// node tests/api/lib/with-server.mjs COMMAND… : runs COMMAND beside a fresh demo server and ends with its exit status.
// It finds the server in YUHENG_URL, YUHENG_GATE (host:port), YUHENG_DATA, YUHENG_USER and YUHENG_PASSWORD
// (administrator), and all accounts as JSON in YUHENG_ACCOUNTS.
import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { binary, demoInit, root, startServer, tempDir } from './yuheng.mjs';

const dir = tempDir();
const pages = join(root, 'web/dist');
let status = 1;
try {
    const { accounts } = demoInit(dir);
    const admin = accounts.find((a) => a.role === 'admin') ?? accounts[0];
    const server = await startServer(null, { dir, args: existsSync(pages) ? ['--web', pages] : [] });
    const env = {
        ...process.env, YUHENG: binary, YUHENG_URL: server.url, YUHENG_GATE: `${server.gate.host}:${server.gate.port}`,
        YUHENG_DATA: dir, YUHENG_USER: admin.username, YUHENG_PASSWORD: admin.password,
        YUHENG_ACCOUNTS: JSON.stringify(accounts),
    };
    const [command, ...args] = process.argv.slice(2);
    status = await new Promise((done, fail) => {
        spawn(command, args, { stdio: 'inherit', env }).on('error', fail).on('close', (code) => done(code ?? 1));
    });
    await server.stop();
} catch (error) {
    console.error(error.message);
    status = 1;
} finally {
    rmSync(dir, { recursive: true, force: true });
}
process.exit(status);
