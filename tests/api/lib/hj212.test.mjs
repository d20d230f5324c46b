// The harness itself: its CRC and framing against values of the standards, its logger against a platform that cuts bytes.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { Logger, crc, frame, newQn, parseSegment, stamp, wrap } from './hj212.mjs';
import { waitUntil } from './wait.mjs';

test('the CRC is that of HJ 212, not MODBUS', () => {
    assert.equal(crc(Buffer.from('123456789')), '2F80');
});

test('frames carry length in bytes, CRC and CR LF', () => {
    const text = frame({ qn: '20260101000000000', mn: 'M1', cp: 'DataTime=20260101000000' }).toString();
    const m = /^##(\d{4})(.*)([0-9A-F]{4})\r\n$/.exec(text);
    assert.equal(Number(m[1]), m[2].length);
    assert.equal(m[3], crc(Buffer.from(m[2])));
    assert.equal(parseSegment(m[2]).MN, 'M1');
    assert.match(wrap('渝').toString(), /^##0003渝/);
    assert.doesNotMatch(frame({ qn: '1', mn: 'M', flag: null }).toString(), /Flag/);
});

test('times are written at +08:00 and QN never repeats', () => {
    assert.equal(stamp(0), '19700101080000000');
    assert.equal(stamp(0, 14), '19700101080000');
    const many = new Set(Array.from({ length: 1000 }, newQn));
    assert.equal(many.size, 1000);
});

test('the logger matches answers by QN, however they are cut', async (t) => {
    const platform = createServer((socket) => {
        socket.setEncoding('latin1').on('data', async (chunk) => {
            for (const [, qn] of chunk.matchAll(/QN=(\d+)/g))
                for (const byte of frame({ qn, st: '91', cn: '9014', mn: 'M1', flag: 4 })) socket.write(Buffer.of(byte));
        });
    });
    await new Promise((done) => platform.listen(0, '127.0.0.1', done));
    t.after(() => platform.close());
    const seen = [];
    const logger = await Logger.open({ host: '127.0.0.1', port: platform.address().port }, (f) => seen.push(f));
    const [a, b] = await Promise.all([1, 2].map(() => logger.sendRealtime('M1', { w01018: '1.0' })));
    assert.notEqual(a.QN, b.QN);
    assert.equal(seen.length, 2);
    await logger.close();
});

test('an answer that never comes is an error, and so is a closed connection', async (t) => {
    const platform = createServer((socket) => socket.once('data', () => { /* silent */ }));
    await new Promise((done) => platform.listen(0, '127.0.0.1', done));
    t.after(() => platform.close());
    const logger = await Logger.open({ host: '127.0.0.1', port: platform.address().port });
    await assert.rejects(logger.send(frame({ qn: '1', mn: 'M' }), 50), /no 9014 for QN 1/);
    const open = logger.send(frame({ qn: '2', mn: 'M' }), 60_000);
    logger.socket.destroy();
    await assert.rejects(open, /closed before the answer/);
});

test('waitUntil returns the value, or says what did not come', async () => {
    let n = 0;
    assert.equal(await waitUntil(() => (++n > 3 ? n : 0), { every: 1 }), 4);
    await assert.rejects(waitUntil(() => false, { deadline: 20, every: 1, what: 'nothing' }), /nothing did not hold within 20 ms/);
    await assert.rejects(waitUntil(() => { throw new Error('why'); }, { deadline: 20, every: 1 }), /: why/);
});
