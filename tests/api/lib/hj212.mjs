// A logger (数采仪) for tests: composes HJ 212 frames, sends them over TCP and waits for the platform's answers.
import { connect } from 'node:net';

// CRC of HJ 212: only the high byte of the register meets the next byte (this is not CRC-16/MODBUS).
export function crc(bytes) {
    let reg = 0xffff;
    for (const byte of bytes) {
        reg = (reg >> 8) ^ byte;
        for (let bit = 0; bit < 8; bit++) reg = reg & 1 ? (reg >> 1) ^ 0xa001 : reg >> 1;
    }
    return reg.toString(16).toUpperCase().padStart(4, '0');
}

// Wraps a data segment: ## + length + segment + CRC + CR LF.
export function wrap(segment) {
    const body = Buffer.from(segment, 'utf8');
    return Buffer.concat([Buffer.from(`##${String(body.length).padStart(4, '0')}`), body, Buffer.from(`${crc(body)}\r\n`)]);
}

// A whole frame. `flag` 5 = edition 2017, answer wanted; null leaves Flag out (edition 2005).
export function frame({ qn, st = '32', cn = '2011', pw = '123456', mn, flag = 5, cp = '' }) {
    const head = [`QN=${qn}`, `ST=${st}`, `CN=${cn}`, `PW=${pw}`, `MN=${mn}`];
    if (flag !== null) head.push(`Flag=${flag}`);
    return wrap(`${head.join(';')};CP=&&${cp}&&`);
}

// 17 digits at +08:00 for a QN, 14 for a DataTime.
export function stamp(ms, digits = 17) {
    return new Date(ms + 8 * 3600_000).toISOString().replace(/[-T:.Z]/g, '').slice(0, digits);
}

// QN values that never repeat in this process, starting from now.
let lastQn = 0;
export function newQn() {
    lastQn = Math.max(Date.now(), lastQn + 1);
    return stamp(lastQn);
}

const FRAME = /##(\d{4})/;

// Header fields and CP text of a segment.
export function parseSegment(segment) {
    const [head, cp = ''] = segment.split('CP=&&');
    const fields = Object.fromEntries(head.split(';').filter(Boolean).map((f) => f.split('=')));
    return { ...fields, cp: cp.replace(/&&$/, ''), segment };
}

export class Logger {
    // Connects; `onFrame(frame)` sees every frame of the platform.
    static open({ host, port }, onFrame = () => {}) {
        return new Promise((done, fail) => {
            const socket = connect({ host, port, noDelay: true });
            const logger = new Logger(socket, onFrame);
            socket.once('connect', () => done(logger));
            socket.once('error', fail);
        });
    }

    constructor(socket, onFrame) {
        this.socket = socket;
        this.onFrame = onFrame;
        this.acks = new Map(); // QN → {done, fail, timer}
        this.closed = new Promise((done) => socket.once('close', done));
        this.text = '';
        socket.setEncoding('latin1').on('data', (chunk) => this.#receive(chunk)).on('error', () => {});
        this.closed.then(() => {
            for (const { fail, timer } of this.acks.values()) {
                clearTimeout(timer);
                fail(new Error('the connection was closed before the answer'));
            }
            this.acks.clear();
        });
    }

    #receive(chunk) {
        this.text += chunk;
        for (let m; (m = FRAME.exec(this.text));) {
            const from = m.index + 6, length = Number(m[1]);
            if (this.text.length < from + length + 4) return;
            const f = parseSegment(this.text.slice(from, from + length));
            this.text = this.text.slice(from + length + 4);
            this.onFrame(f);
            if (f.CN === '9014') this.#acknowledge(/QN=(\d+)/.exec(f.segment)?.[1], f);
        }
    }

    #acknowledge(qn, f) {
        const waiting = this.acks.get(qn);
        if (!waiting) return;
        clearTimeout(waiting.timer);
        this.acks.delete(qn);
        waiting.done(f);
    }

    write(bytes) {
        this.socket.write(bytes);
    }

    // Sends a frame and waits for the 9014 with its QN.
    send(bytes, deadline = 10_000) {
        const answer = this.answerTo(/QN=(\d+)/.exec(bytes.toString('latin1'))[1], deadline);
        this.socket.write(bytes);
        return answer;
    }

    // The 9014 with this QN, for a frame that is written by other means.
    answerTo(qn, deadline = 10_000) {
        return new Promise((done, fail) => {
            const timer = setTimeout(() => {
                this.acks.delete(qn);
                fail(new Error(`no 9014 for QN ${qn} within ${deadline} ms`));
            }, deadline);
            this.acks.set(qn, { done, fail, timer });
        });
    }

    // Real-time data of one station, edition 2017: values {w01018: '12.5'}, flag N.
    sendRealtime(mn, values, { time = Date.now(), st = '32', pw = '123456', qn = newQn() } = {}) {
        const cells = Object.entries(values).map(([code, v]) => `${code}-Rtd=${v},${code}-Flag=N`);
        return this.send(frame({ qn, st, pw, mn, cp: [`DataTime=${stamp(time, 14)}`, ...cells].join(';') }));
    }

    async close() {
        this.socket.end();
        await this.closed;
    }
}
