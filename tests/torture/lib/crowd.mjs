// crowd.mjs HOST PORT COUNT NUMBER: opens COUNT connections from addresses of their own, each of which sends one heartbeat and waits; says "ready",
// and resets them all when its standard input ends (closed ones would keep their ports for a minute).
import { connect } from 'node:net';
import { frame, stamp } from '../../api/lib/hj212.mjs';

const [host, port, count, number] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const mn = `CROWD${number}`;
let moment = Date.UTC(2020, 0, 1) + number * 10_000_000; // not the QN of the test

// 127.16.0.0 and up: the whole of 127/8 is this machine.
const address = (i) => `127.${16 + number}.${i >> 8}.${i & 255}`;

const open = (i) => new Promise((done, fail) => {
    const socket = connect({ host, port, localAddress: address(i) });
    socket.once('error', fail);
    socket.once('connect', () => socket.write(frame({ qn: stamp(moment++), mn, cn: '9015', flag: 5 })));
    socket.once('data', () => { socket.off('error', fail).on('error', () => {}); done(socket); });
});

const sockets = [];
while (sockets.length < count)
    sockets.push(...await Promise.all(Array.from({ length: Math.min(250, count - sockets.length) }, (_, i) => open(sockets.length + i))));
process.stdout.write('ready\n');
process.stdin.on('end', () => {
    sockets.forEach((s) => s.resetAndDestroy());
    setImmediate(() => process.exit(0));
}).resume();
