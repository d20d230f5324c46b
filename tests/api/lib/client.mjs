// An HTTP client with one session: keeps the cookie, sends the CSRF token on mutating calls, reads JSON.
import assert from 'node:assert/strict';

export class Client {
    constructor(url) {
        this.url = url;
        this.cookie = null;
        this.csrf = null;
    }

    // {status, headers, body}: body is parsed JSON where the answer is JSON, text otherwise.
    async request(method, path, body, headers = {}) {
        const h = { ...headers };
        if (this.cookie) h.cookie = this.cookie;
        if (this.csrf && method !== 'GET' && !('X-CSRF-Token' in h)) h['X-CSRF-Token'] = this.csrf;
        if (body !== undefined) h['Content-Type'] = 'application/json';
        const r = await fetch(this.url + path, {
            method, headers: h, redirect: 'manual', body: body === undefined ? undefined : JSON.stringify(body),
        });
        for (const set of r.headers.getSetCookie?.() ?? [r.headers.get('set-cookie')].filter(Boolean))
            if (set.startsWith('yh_session=')) this.cookie = set.split(';')[0];
        const text = await r.text();
        const json = /[/+]json/.test(r.headers.get('content-type') ?? '');
        return { status: r.status, headers: r.headers, body: json && text ? JSON.parse(text) : text };
    }

    // The body of a call that must succeed.
    async ok(method, path, body) {
        const r = await this.request(method, path, body);
        assert.ok(r.status >= 200 && r.status < 300, `${method} ${path} → ${r.status} ${JSON.stringify(r.body)}`);
        return r.body;
    }

    get(path) { return this.ok('GET', path); }
    post(path, body) { return this.ok('POST', path, body); }
    patch(path, body) { return this.ok('PATCH', path, body); }
    delete(path) { return this.ok('DELETE', path); }

    // A call that must fail with this status and problem code; returns the problem.
    async problem(method, path, body, status, code) {
        const r = await this.request(method, path, body);
        assert.equal(r.status, status, `${method} ${path} → ${r.status} ${JSON.stringify(r.body)}`);
        assert.match(r.headers.get('content-type') ?? '', /application\/problem\+json/);
        if (code) assert.equal(r.body.code, code);
        return r.body;
    }

    async signIn(username, password) {
        const session = await this.post('/api/v1/session', { username, password });
        this.csrf = session.csrf;
        return session;
    }

    // All items of a list, page by page.
    async all(path, limit = 500) {
        const items = [];
        for (let cursor = null; ;) {
            const join = path.includes('?') ? '&' : '?';
            const page = await this.get(`${path}${join}limit=${limit}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`);
            items.push(...page.items);
            if (!page.next) return items;
            assert.notEqual(page.next, cursor, `${path} returns the same cursor again`);
            cursor = page.next;
        }
    }
}

// Server-sent events of a signed-in client: `next(type)` gives the next event of that type, {id, event, data}.
export async function openEvents(client, { lastEventId } = {}) {
    const stop = new AbortController();
    const headers = { cookie: client.cookie ?? '', accept: 'text/event-stream' };
    if (lastEventId !== undefined) headers['Last-Event-ID'] = String(lastEventId);
    const r = await fetch(`${client.url}/api/v1/events`, { headers, signal: stop.signal });
    assert.equal(r.status, 200);
    const waiting = [];
    const seen = [];
    const give = (event) => {
        const at = waiting.findIndex((w) => w.type === event.event);
        if (at >= 0) waiting.splice(at, 1)[0].done(event);
        else seen.push(event);
    };
    (async () => {
        let text = '';
        const decoder = new TextDecoder();
        for await (const chunk of r.body) {
            text += decoder.decode(chunk, { stream: true });
            for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) {
                const event = { id: null, event: 'message', data: '' };
                for (const line of text.slice(0, end).split('\n')) {
                    const m = /^(id|event|data): ?(.*)$/.exec(line);
                    if (m) event[m[1]] = m[1] === 'data' ? event.data + m[2] : m[2];
                }
                if (event.data) give({ ...event, data: JSON.parse(event.data) });
            }
        }
    })().catch((error) => { if (error.name !== 'AbortError') waiting.forEach((w) => w.fail(error)); });
    return {
        headers: r.headers,
        next(type, deadline = 10_000) {
            const at = seen.findIndex((e) => e.event === type);
            if (at >= 0) return Promise.resolve(seen.splice(at, 1)[0]);
            return new Promise((done, fail) => {
                const timer = setTimeout(() => fail(new Error(`no "${type}" event within ${deadline} ms`)), deadline);
                waiting.push({ type, done: (e) => { clearTimeout(timer); done(e); }, fail });
            });
        },
        close: () => stop.abort(),
    };
}
