// tools/count.sh decides whether ./test is green: a failure of any kind must be counted as one.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

function count(counter, log, status = 0) {
    const dir = mkdtempSync(join(tmpdir(), 'yuheng-count-'));
    try {
        writeFileSync(join(dir, 'log'), log);
        const r = spawnSync('bash', ['-c', '. tools/count.sh; "$@"', 'count', counter, join(dir, 'log'), String(status)],
            { cwd: root, encoding: 'utf8' });
        assert.equal(r.status, 0, r.stderr);
        return r.stdout.trim();
    } finally {
        rmSync(dir, { recursive: true });
    }
}

const section = (n, result, body = '') => `${'='.repeat(36)} ${n}/9 ${'='.repeat(36)}
test:         t${n}
result:       ${result}
----------------------------------- stdout -----------------------------------
${body}`;
const ok = '[ RUN      ] a\n[       OK ] a\n[ RUN      ] b\n[       OK ] b\n[==========] 2 test(s) run.\n[  PASSED  ] 2 test(s).\n';
const bad = '[ RUN      ] a\n[       OK ] a\n[ RUN      ] b\n[  FAILED  ] b\n[==========] 2 test(s) run.\n[  PASSED  ] 1 test(s).\n'
    + '[  FAILED  ] 1 test(s), listed below:\n[  FAILED  ] b\n';
const skip = '[ RUN      ] a\n[  SKIPPED ] a\n[==========] 1 test(s) run.\n[  SKIPPED ] 1 test(s), listed below:\n[  SKIPPED ] a\n';
const crash = '[ RUN      ] a\n[       OK ] a\n[ RUN      ] b\n';

test('meson: single tests are summed', () => {
    assert.equal(count('count_meson', section(1, 'exit status 0', ok) + section(2, 'exit status 0', ok)), '4 0 0');
    assert.equal(count('count_meson', section(1, 'exit status 1', bad) + section(2, 'exit status 0', ok)), '3 1 0');
    assert.equal(count('count_meson', section(1, 'exit status 0', skip)), '0 0 1');
});

test('meson: a crash, a sanitizer abort and a time-out are failures', () => {
    assert.equal(count('count_meson', section(1, 'killed by signal 6 SIGABRT', crash)), '1 1 0');
    assert.equal(count('count_meson', section(1, 'exit status 1', ok)), '2 1 0'); // a leak found at exit
    assert.equal(count('count_meson', section(1, 'killed by signal 15 SIGTERM')), '0 1 0');
});

test('meson: programs without single tests count as one', () => {
    assert.equal(count('count_meson', section(1, 'exit status 0') + section(2, 'exit status 77') + section(3, 'exit status 3')), '1 1 1');
    assert.equal(count('count_meson', ''), '0 0 0');
});

test('node: both reporters, several runs, cancelled tests', () => {
    assert.equal(count('count_node', '# tests 9\n# pass 5\n# fail 2\n# cancelled 1\n# skipped 1\n# todo 0\n'), '5 3 1');
    assert.equal(count('count_node', 'ℹ pass 5\nℹ fail 0\n# pass 2\n# fail 1\n'), '7 1 0');
    assert.equal(count('count_node', '\x1b[34mℹ pass 3\x1b[39m\n'), '3 0 0');
    assert.equal(count('count_node', 'pass 3\n# pass three\n# pass 3 more\n'), '0 0 0');
});

test('single checks follow the exit status', () => {
    assert.equal(count('count_one', '', 0), '1 0 0');
    assert.equal(count('count_one', '', 124), '0 1 0');
});
