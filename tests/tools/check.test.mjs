// tools/check-layers and tools/check-style must fail on what they forbid: each fixture breaks one rule.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const LAYERS = 'base\nnet base\npureroom base pure\nkit above\n';
const GOOD = {
    'src/base/x.h': '#include <stdint.h>\n/* strcpy( is only mentioned, and "sprintf(" too */\n',
    'src/net/x.c': '#include "base/x.h"\n#include "net/x.h"\nstatic const char *const s = "atoi(";\n',
    'src/kit/x.c': '#include "net/x.h"\n#include "base/x.h"\n',
};

function run(tool, files, ...args) {
    const dir = mkdtempSync(join(tmpdir(), 'yuheng-check-'));
    try {
        for (const [path, text] of Object.entries(files)) {
            mkdirSync(join(dir, dirname(path)), { recursive: true });
            writeFileSync(join(dir, path), text);
        }
        const r = spawnSync(join(root, 'tools', tool), ['--root', dir, ...args.map((a) => a.replace('@', dir))],
            { encoding: 'utf8' });
        return { status: r.status, out: r.stdout + r.stderr };
    } finally {
        rmSync(dir, { recursive: true });
    }
}

const layers = (files, ...args) => run('check-layers', { 'tools/layers.txt': LAYERS, ...GOOD, ...files }, ...args);

test('code that keeps to the map passes', () => {
    const r = layers({});
    assert.equal(r.status, 0, r.out);
});

const broken = {
    'include pointing down': [{ 'src/net/y.c': '#include "kit/x.h"\n' }, /src\/net\/y\.c:1: net may not include kit/],
    'include of a neighbour that the row does not name': [
        { 'src/pureroom/y.c': '\n#include "net/x.h"\n' }, /src\/pureroom\/y\.c:2: pureroom may not include net/],
    'include climbing out': [{ 'src/kit/y.c': '#include "../net/x.h"\n' }, /climbs out/],
    'include without a room': [{ 'src/kit/y.c': '#include "x.h"\n' }, /does not name its room/],
    'room without a row': [{ 'src/cellar/y.c': '\n' }, /src\/cellar: this room has no row/],
    'clock in a pure room': [{ 'src/pureroom/y.c': '#include "base/clock.h"\n' }, /y\.c:1: a pure room may not include base\/clock\.h/],
    'socket header in a pure room': [{ 'src/pureroom/y.h': '# include <sys/socket.h>\n' }, /may not include sys\/socket\.h/],
    'call without a bound': [{ 'src/kit/y.c': 'void f(char *a) { strcpy (a, "x"); }\n' }, /y\.c:1: banned call: ?strcpy/],
    'call behind a comment': [{ 'src/kit/y.c': '/* a */ int f(void) { return atoi("1"); }\n' }, /banned call: ?atoi/],
    'call after a long comment': [{ 'src/kit/y.c': '/* a\n b */ int f(void) { return atoi("1"); }\n' }, /y\.c:2: banned call: ?atoi/],
    'mark of unfinished work': [{ 'src/kit/y.c': `/* ${'TO' + 'DO'}: later */\n` }, /src\/kit\/y\.c:1: mark of unfinished/],
    'path of one machine': [{ 'docs/a.md': `see ${'/ho' + 'me'}/someone/x\n` }, /docs\/a\.md:1: path of one machine/],
};
for (const [name, [files, message]] of Object.entries(broken)) {
    test(`layers: ${name} is found`, () => {
        const r = layers(files);
        assert.equal(r.status, 1, r.out);
        assert.match(r.out, message);
    });
}

function libraryOf(source) {
    const dir = mkdtempSync(join(tmpdir(), 'yuheng-pure-'));
    mkdirSync(join(dir, 'src/pureroom'), { recursive: true });
    writeFileSync(join(dir, 'p.c'), source);
    execFileSync('cc', ['-O1', '-fPIC', '-c', 'p.c', '-o', 'p.o'], { cwd: dir });
    execFileSync('ar', ['crs', 'src/pureroom/libpureroom.a', 'p.o'], { cwd: dir });
    return dir;
}

const symbols = {
    'a clock call': ['#include <time.h>\nlong f(void) { return (long)time(0); }\n', /calls time/],
    'a socket': ['int socket(int, int, int);\nint f(void) { return socket(1, 2, 3); }\n', /calls socket/],
    'a database': ['int sqlite3_open(const char *, void *);\nint f(void) { return sqlite3_open("", 0); }\n', /calls sqlite3_open/],
    'a changing static': ['int f(void) { static int count; return ++count; }\n', /changing data in count/],
    'an initialised global': ['int mode = 3;\n', /changing data in mode/],
};
for (const [name, [source, message]] of Object.entries(symbols)) {
    test(`layers: ${name} in a pure library is found`, () => {
        const built = libraryOf(source);
        try {
            const r = layers({ 'src/pureroom/meson.build': '' }, '--build', built);
            assert.equal(r.status, 1, r.out);
            assert.match(r.out, message);
        } finally {
            rmSync(built, { recursive: true });
        }
    });
}

test('layers: constant tables of a pure library pass', () => {
    const built = libraryOf('#include <string.h>\nstatic const char *const names[] = {"a", "b"};\n'
        + 'const char *f(const char *s) { return strcmp(s, "x") ? names[s[0] & 1] : names[1]; }\n');
    try {
        const r = layers({ 'src/pureroom/meson.build': '' }, '--build', built);
        assert.equal(r.status, 0, r.out);
    } finally {
        rmSync(built, { recursive: true });
    }
});

const longFunction = (lines) => `int f(void)\n{\n${'    ;\n'.repeat(lines)}}\n`;
const style = (files) => run('check-style', files);

test('style: short functions pass and are counted', () => {
    const r = style({ 'src/a/a.c': longFunction(5) + longFunction(70).replace('f', 'g') });
    assert.equal(r.status, 0, r.out);
    assert.match(r.out, /2 functions, median 5 lines, 95 of 100 within 70/);
});

test('style: a long function without a row fails', () => {
    const r = style({ 'src/a/a.c': longFunction(71) });
    assert.equal(r.status, 1);
    assert.match(r.out, /src\/a\/a\.c: f has 71 lines/);
});

test('style: the ratchet lets nothing grow and wants rows lowered', () => {
    const table = (n) => ({ 'tools/style-exceptions.txt': `# x\nsrc/a/a.c f ${n}\n` });
    assert.equal(style({ 'src/a/a.c': longFunction(80), ...table(80) }).status, 0);
    assert.match(style({ 'src/a/a.c': longFunction(81), ...table(80) }).out, /grew from 80 to 81/);
    assert.equal(style({ 'src/a/a.c': longFunction(81), ...table(80) }).status, 1);
    assert.match(style({ 'src/a/a.c': longFunction(79), ...table(80) }).out, /shrank to 79/);
    assert.match(style({ 'src/a/a.c': longFunction(10), ...table(80) }).out, /is short now/);
    assert.match(style({ 'src/a/b.c': longFunction(10), ...table(80) }).out, /not there any more/);
});

test('style: a file of more than 700 lines fails', () => {
    const r = style({ 'src/a/a.c': '\n'.repeat(701) });
    assert.equal(r.status, 1);
    assert.match(r.out, /a\.c: - has 701 lines/);
});

test('style: a statement is bound, never formatted', () => {
    const file = (line, path = 'src/a/a.c') => ({ [path]: `static void f(void)\n{\n    ${line}\n}\n` });
    for (const line of ['snprintf(b, n, "SELECT x FROM t WHERE y = %d", y);', 'yh_buf_printf(&b, "DELETE FROM %s", t);',
        'yh_arena_printf(a, "INSERT INTO t VALUES (%s)", v);', 'snprintf (b, n, "UPDATE t SET x = %s", x);']) {
        const r = style(file(line));
        assert.equal(r.status, 1, line);
        assert.match(r.out, /src\/a\/a\.c:3: a statement is formatted/);
    }
    for (const line of ['db_prepare(d, "SELECT x FROM t WHERE y = ?", &s);', 'yh_fail(YH_E_IO, "cannot select %s", x);', 'printf("%d\\n", 1);'])
        assert.equal(style(file(line)).status, 0, line);
    assert.equal(style(file('snprintf(b, n, "SELECT %d", 1);', 'src/app/bench_x.c')).status, 0);
});
