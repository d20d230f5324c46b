// Bare sockets to the gate, for peers that do not behave like loggers.
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { frame, newQn } from '../../api/lib/hj212.mjs';

// An open socket; its errors are the server's right.
export function open({ host, port }) {
    return new Promise((done, fail) => {
        const socket = connect({ host, port, noDelay: true });
        socket.once('error', fail);
        socket.once('connect', () => { socket.off('error', fail); socket.on('error', () => {}).resume(); done(socket); });
    });
}

export const drained = (socket, bytes) => new Promise((done) => {
    if (socket.destroyed || socket.write(bytes)) return done();
    const ready = () => { socket.off('drain', ready).off('close', ready); done(); };
    socket.once('drain', ready).once('close', ready);
});

// A peer that is there until stop(), and comes back whenever its connection breaks.
function keeps(gate, write) {
    let running = true;
    const work = (async () => {
        while (running) {
            const socket = await open(gate()).catch(() => null);
            if (!socket) await new Promise((again) => setTimeout(again, 20));
            else {
                while (running && !socket.destroyed) await write(socket);
                socket.destroy();
            }
        }
    })();
    return async () => { running = false; await work; };
}

const pause = () => new Promise((done) => setTimeout(done, 1));
const noise = randomBytes(1 << 14);
const pieces = [noise, Buffer.from('\r\n'.repeat(1 << 12)), Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')];

// `gate()` is asked anew for every connection: the server may have moved.
export const junkFlood = (gate, i = 0) => keeps(gate, async (s) => { await drained(s, pieces[i++ % pieces.length]); await pause(); });

// Frame after frame, one byte at a time.
export function slowPeer(gate, mn) {
    let bytes = Buffer.alloc(0);
    return keeps(gate, async (s) => {
        if (!bytes.length) bytes = frame({ qn: newQn(), mn, cp: 'DataTime=20260101000000;w01018-Rtd=1.0' });
        await drained(s, bytes.subarray(0, 1));
        bytes = bytes.subarray(1);
        await pause();
    });
}

// Connects, sends half a frame, breaks off, and again.
export const stormPeer = (gate, mn) => keeps(gate, async (s) => {
    await drained(s, frame({ qn: newQn(), mn, cp: 'DataTime=20260101000000' }).subarray(0, 50));
    s.resetAndDestroy();
});
