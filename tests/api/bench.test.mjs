// `yuheng bench` in small: that every bench runs and prints what is promised. Never how fast.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { captures, tempDir, yuheng, yuhengOk } from './lib/yuheng.mjs';

const benches = [
    { name: 'decode', args: ['--frames', '2000'],
        keys: ['frames_per_s', 'mb_per_s', 'ratio_to_memcpy'] },
    { name: 'decode', args: ['--frames', '2000', ...captures.slice(0, 1)],
        keys: ['frames_per_s', 'mb_per_s', 'ratio_to_memcpy'] },
    { name: 'ingest', args: ['--frames', '1000', '--connections', '20', '--seconds', '1', '--rate', '500', '--idle', '50'],
        keys: ['frames_per_s', 'values_per_s', 'ack_ms_p50', 'ack_ms_p99', 'ratio_to_echo', 'cpu_share_at_6600'] },
    { name: 'store', args: ['--outlets', '1', '--days', '1'],
        keys: ['values_per_s', 'bytes_per_value', 'day_raw_us', 'month_hourly_ms', 'exceedance_ms'] },
    { name: 'http', args: ['--connections', '4', '--seconds', '1'],
        keys: ['requests_per_s', 'ratio_to_bare'] },
];

for (const { name, args, keys } of benches) {
    test(`bench ${name} ${args.some((a) => a.endsWith('.gz')) ? 'of captured frames' : ''}`, () => {
        const dir = tempDir();
        const got = JSON.parse(yuhengOk(['bench', name, '--runs', '2', '--dir', dir, ...args]));
        assert.equal(got.name, name);
        assert.ok(got.machine.cores >= 1);
        assert.equal(got.options.runs, 2);
        assert.equal(got.runs.length, 2);
        for (const key of keys) {
            assert.ok(Number.isFinite(got[key]) && got[key] > 0, `${key}: ${got[key]}`);
            const [low, high] = got.runs.map((run) => run[key]).sort((a, b) => a - b);
            assert.ok(got[key] >= low * 0.99 && got[key] <= high * 1.01, `${key} is the median of its runs`);
        }
        assert.deepEqual(readdirSync(dir), [], 'nothing is left behind');
    });
}

test('bench store tells of every store what it measured, or why it did not', () => {
    const dir = tempDir();
    const got = JSON.parse(yuhengOk(['bench', 'store', '--runs', '1', '--outlets', '1', '--days', '1', '--dir', dir, ...captures.slice(0, 1)]));
    for (const name of ['rows', 'clickhouse', 'victoriametrics']) {
        if (got[name] === null) {
            assert.match(got.not_measured[name], /not installed/);
            continue;
        }
        assert.equal(got.not_measured[name], undefined);
        for (const key of ['values_per_s', 'bytes_per_value', 'day_raw_us', 'month_hourly_ms', 'exceedance_ms', 'values_ratio'])
            assert.ok(got[name][key] > 0, `${name}.${key}: ${got[name][key]}`);
    }
    assert.notEqual(got.rows, null);
    assert.ok(got.bytes_per_value > got.floor_bytes_per_value && got.hard.bytes_per_value > got.hard.floor_bytes_per_value,
        'no code is smaller than what it holds');
    assert.ok(got.field.values > got.field.rtd_values && got.field.rtd_values > 0);
    assert.ok(got.field.bytes_per_value > 0);
    assert.deepEqual(readdirSync(dir), [], 'nothing is left behind');
});

test('bench says what is wrong', () => {
    assert.equal(yuheng(['bench', 'nothing']).status, 2);
    assert.equal(yuheng(['bench', 'decode', '--runs', '0']).status, 2);
    const r = yuheng(['bench', 'decode', '/nonexistent.h212']);
    assert.equal(r.status, 1);
    assert.match(r.stderr, /nonexistent/);
});
