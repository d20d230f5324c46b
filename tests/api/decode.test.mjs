// `yuheng decode` against the vectors of tests/vectors/hj212.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const binary = process.env.YUHENG ?? join(root, 'build', 'yuheng');
const vectors = join(root, 'tests', 'vectors', 'hj212');

function decode(args, input) {
  return spawnSync(binary, ['decode', ...args], { input, maxBuffer: 1 << 28 });
}

function jsonLines(out) {
  return out.toString('utf8').split('\n').filter((line) => line).map((line) => JSON.parse(line));
}

function unescapeBytes(text) {
  const simple = { r: 13, n: 10, t: 9, '\\': 92 };
  const bytes = [];
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== '\\') bytes.push(text.charCodeAt(i));
    else if (text[++i] === 'x') { bytes.push(parseInt(text.slice(i + 1, i + 3), 16)); i += 2; }
    else bytes.push(simple[text[i]]);
  }
  return Buffer.from(bytes);
}

const frames = readFileSync(join(vectors, 'frames.tsv'), 'utf8').trimEnd().split('\n').slice(1)
  .map((line) => line.split('\t'))
  .map(([id, , , , , , , frame, expected, key]) => ({ id, frame, expected: JSON.parse(expected), key }));

function checkFrame(got, { id, expected }) {
  const keep = (o) => Object.fromEntries(Object.entries(o).filter(([k]) => !['event', 'cause', 'cause_text', 'dialect'].includes(k)));
  const have = keep(got);
  have.warnings = have.warnings.filter((w) => w !== 'segment_over_1024');
  assert.deepEqual(have, keep(expected), id);
}

test('every vector line gives the expected object', () => {
  for (const key of new Set(frames.map((f) => f.key))) {
    const mine = frames.filter((f) => f.key === key);
    const run = decode(['--lines', ...(key ? ['--key', key] : [])], mine.map((f) => f.frame).join('\n') + '\n');
    assert.equal(run.status, 0, run.stderr.toString());
    const got = jsonLines(run.stdout);
    assert.equal(got.length, mine.length);
    got.forEach((g, i) => checkFrame(g, mine[i]));
  }
});

test('the vectors as one stream give the same objects', () => {
  const key = frames.find((f) => f.key).key;
  const run = decode(['--key', key], Buffer.concat(frames.map((f) => unescapeBytes(f.frame))));
  const got = jsonLines(run.stdout);
  assert.equal(got.length, frames.length);
  got.forEach((g, i) => {
    assert.equal(g.event, frames[i].expected.status === 'crc_error' ? 'bad' : 'frame', frames[i].id);
    checkFrame(g, frames[i]);
  });
});

test('enciphered frames without their key say so', () => {
  const run = decode(['--lines'], frames.filter((f) => f.key).map((f) => f.frame).join('\n'));
  const got = jsonLines(run.stdout);
  assert.equal(got.length, 4);
  for (const g of got) {
    assert.equal(g.status, 'encrypted');
    assert.equal(g.decrypted, false);
    assert.deepEqual(g.items, []);
  }
});

test('a wrong key is named', () => {
  const run = decode(['--lines', '--key', '00'.repeat(16)], frames.find((f) => f.key).frame);
  assert.equal(jsonLines(run.stdout)[0].cause, 'key-wrong');
});

test('whole captured hours: plain, gzip and standard input agree', () => {
  const want = { '2016-08-24_10': [9128, 3, 2], '2016-08-24_17': [9246, 4, 1] };
  for (const [name, counts] of Object.entries(want)) {
    const path = join(vectors, 'field', `${name}.h212.gz`);
    const packed = decode([path]);
    const plain = decode([], gunzipSync(readFileSync(path)));
    assert.deepEqual(packed.stdout, plain.stdout);
    const events = jsonLines(packed.stdout).map((g) => g.event);
    assert.deepEqual(['frame', 'bad', 'junk'].map((k) => events.filter((e) => e === k).length), counts);
  }
});

test('chunks of a pipe do not change the events', async () => {
  for (const line of readFileSync(join(vectors, 'streams.jsonl'), 'utf8').trimEnd().split('\n')) {
    const { chunks, events, id } = JSON.parse(line);
    const child = spawn(binary, ['decode']);
    let out = '';
    child.stdout.on('data', (d) => { out += d; });
    for (const chunk of chunks) await new Promise((done) => child.stdin.write(unescapeBytes(chunk), done));
    child.stdin.end();
    await new Promise((done) => child.on('close', done));
    const got = jsonLines(out);
    assert.deepEqual(got.map((g) => g.event), events.map(([kind]) => kind), id);
    got.forEach((g, i) => {
      if (g.event === 'junk') assert.equal(g.hex, unescapeBytes(events[i][1]).toString('hex').toUpperCase());
    });
  }
});

test('wrong usage and unreadable input exit 2 with one line', () => {
  const cases = [
    [['--nonsense'], ''], [['/nonexistent/file'], ''], [['--key', 'ABCD'], ''], [['--key'], ''],
    [['a', 'b'], ''], [['--lines'], 'a\\qb\n'], [['/'], ''],
    [[], Buffer.concat([readFileSync(join(vectors, 'field', '2016-08-24_10.h212.gz')).subarray(0, 5000)])],
  ];
  for (const [args, input] of cases) {
    const run = decode(args, input);
    assert.equal(run.status, 2, `${args}: ${run.stderr}`);
    assert.match(run.stderr.toString(), /^yuheng: [^\n]+\n$/);
  }
});

test('what was decoded before a failure is printed', () => {
  const cut = readFileSync(join(vectors, 'field', '2016-08-24_10.h212.gz')).subarray(0, 5000);
  assert.ok(jsonLines(decode([], cut).stdout).length > 10);
  assert.equal(jsonLines(decode(['--lines'], `${frames[0].frame}\na\\qb\n`).stdout).length, 1);
});

test('empty input is no error', () => {
  for (const args of [[], ['--lines']]) {
    const run = decode(args, '');
    assert.equal(run.status, 0);
    assert.equal(run.stdout.length, 0);
  }
});

test('output stays valid UTF-8 and one object per line for any bytes', () => {
  const noise = Buffer.alloc(50000);
  for (let i = 0, x = 1; i < noise.length; i++) { x = (x * 1103515245 + 12345) & 0x7fffffff; noise[i] = x >> 16; }
  const run = decode([], noise);
  assert.equal(run.status, 0);
  const got = jsonLines(run.stdout);
  assert.ok(got.length > 1);
  const text = new TextDecoder('utf-8', { fatal: true }).decode(run.stdout);
  assert.equal(text.split('\n').length, got.length + 1);
  for (const line of ['##0012ST=32', 'garbage', '##', '']) assert.equal(jsonLines(decode(['--lines'], line + '\nx\n').stdout).length, 2);
});
