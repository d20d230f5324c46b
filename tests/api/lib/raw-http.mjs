// Starts the small test server (tests/unit/net/http_test_server.c) and speaks raw HTTP to it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import readline from 'node:readline';

const DEADLINE_MS = 20000;

export function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not in time: ${what}`)), DEADLINE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export async function startServer(...options) {
  const build = process.env.YUHENG_BUILD ?? 'build';
  const program = process.env.HTTP_TEST_SERVER ?? `${build}/tests/unit/net/http-test-server`;
  const child = spawn(program, options, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (what) => (await within(lines.next(), what)).value;
  const ready = await line('ready');
  const port = Number(/^ready http=127\.0\.0\.1:(\d+)$/.exec(ready)[1]);
  const tell = async (command) => {
    child.stdin.write(`${command}\n`);
    return line(command);
  };
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    tell,
    stats: async () => JSON.parse(await tell('stats')),
    async stop() {
      const exited = once(child, 'exit');
      child.stdin.end('stop\n');
      const [code, signal] = await within(exited, 'exit');
      return code ?? signal;
    },
  };
}

export async function until(condition, what) {
  const end = Date.now() + DEADLINE_MS;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

// A raw connection that collects what comes back.
export class Raw {
  constructor(port) {
    this.socket = net.connect(port, '127.0.0.1');
    this.text = '';
    this.closed = false;
    this.waiting = [];
    this.socket.on('data', (d) => { this.text += d.toString('utf8'); this.check(); });
    this.socket.on('error', () => {});
    this.socket.on('close', () => { this.closed = true; this.check(); });
  }
  check() {
    this.waiting = this.waiting.filter(({ condition, what, resolve, reject }) => {
      if (condition(this)) resolve(this);
      else if (this.closed) reject(new Error(`closed before: ${what}; got ${JSON.stringify(this.text.slice(-300))}`));
      else return true;
      return false;
    });
  }
  send(text) { this.socket.write(text); return this; }
  until(condition, what) {
    return within(new Promise((resolve, reject) => {
      this.waiting.push({ condition, what, resolve, reject });
      this.check();
    }), what);
  }
  untilClosed() { return this.until((c) => c.closed, 'close of connection'); }
  end() { this.socket.destroy(); }
}

// Sends one request as written and reads to the end of the connection.
export async function raw(port, text) {
  const c = new Raw(port).send(text);
  await c.untilClosed();
  const [head, ...body] = c.text.split('\r\n\r\n');
  return { text: c.text, status: Number(head.split(' ')[1]), head, body: body.join('\r\n\r\n') };
}

export function get(port, path, ...headers) {
  return raw(port, [`GET ${path} HTTP/1.1`, 'Host: x', 'Connection: close', ...headers, '', ''].join('\r\n'));
}
